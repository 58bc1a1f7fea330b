/**
 * Three clients on a model of the hub, in many stories that chance tells: whatever breaks, in the
 * end each client knows what the hub knows.
 *
 * A story that fails names its seed; `SEED=n node --test test/resume.test.js` tells it alone.
 */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate } from "node:timers/promises";

import { Client, xor } from "../tradewind.js";
import { Chance } from "./chance.js";
import { ModelHub, isShown } from "./model.js";

const STORIES = Number(process.env.STORIES ?? 60);
const STEPS = 1_500;
const QUIET_STEPS_MAX = 200_000;
const USERS = ["1000", "2002", "3004"];
const GROUP = "77";

class Story {
  constructor(seed) {
    this.chance = new Chance(seed);
    this.world = this.#imagine();
    this.hub = new ModelHub(this.chance, this.world);
    USERS.forEach((id, index) => this.hub.addUser(id, `user ${index}`));
    this.hub.addGroup(GROUP, "all");
    this.actors = USERS.map((id) => new Actor(id, this));
  }

  /** How this story differs from others. */
  #imagine() {
    return {
      crash: this.chance.pick([0, 0.001, 0.005]),
      cut: this.chance.pick([0.001, 0.005, 0.02]),
      act: this.chance.pick([0.05, 0.15, 0.3]),
      wait: this.chance.pick([0.003, 0.02]),
      busy: this.chance.pick([0, 0.05]),
      changesMax: this.chance.pick([4, 500, 500]),
      messagesMax: this.chance.pick([4, 20, 1_000]),
    };
  }

  async tell() {
    this.actors.forEach((actor) => actor.client.connect(actor.id));
    for (let step = 0; step < STEPS; step += 1) {
      await this.#step();
    }
    await this.#calmDown();
  }

  async #step() {
    if (this.chance.happens(this.world.crash)) {
      this.hub.crash();
    } else if (this.chance.happens(this.world.cut)) {
      this.chance.pick([...this.hub.sessions])?.cut();
    } else if (this.chance.happens(this.world.act)) {
      this.chance.pick(this.actors).act();
    } else {
      this.#goOn();
    }
    // Sometimes several frames come before a promise is looked at.
    if (this.chance.happens(0.5)) {
      await setImmediate();
    }
  }

  #goOn() {
    const { steps } = this.hub;
    if (steps.length === 0 || this.chance.happens(this.world.wait)) {
      mock.timers.tick(500);
    } else {
      this.chance.pick(steps)();
    }
  }

  /** Goes on until nothing is left to do. */
  async #calmDown() {
    for (let step = 0; step < QUIET_STEPS_MAX; step += 1) {
      this.#goOn();
      await setImmediate();
      if (this.actors.every((actor) => actor.isDone) && this.hub.steps.length === 0) {
        return;
      }
    }
    assert.fail("the clients do not come to rest");
  }

  check() {
    for (const actor of this.actors) {
      actor.check(this.hub);
      for (const listed of this.hub
        .roomsOf(actor.id)
        .map((room) => this.hub.listed(room, actor.id))) {
        this.#checkRoom(actor, listed);
        this.#checkTold(actor, listed.id);
      }
    }
  }

  #checkRoom({ id: user, client }, { id, seq, rev, read_seq, unread }) {
    const room = client.rooms.get(id);
    const where = `room ${id} of ${user}`;
    assert.ok(room, `${where} is known`);
    // It may lag behind where an own change was refused in the end.
    assert.ok(room.rev <= rev, `rev of ${where}`);
    assert.equal(room.seq, seq, `seq of ${where}`);
    assert.equal(room.readSeq, read_seq, `read mark of ${where}`);
    assert.equal(room.unread, unread, `unread messages of ${where}`);
    const held = room.messages;
    const all = this.hub.rooms.get(id).messages.filter(isShown);
    const expected = room.isWhole ? all : held.length === 0 ? [] : all.slice(-held.length);
    assert.deepEqual(held.map(essence), expected.map(essence), `messages of ${where}`);
  }

  /** Where much is held; a small window may be past an own message that is late. */
  #checkTold({ id: user, began, told }, roomId) {
    const since = began.get(roomId) ?? 0;
    const news = this.hub.rooms
      .get(roomId)
      .messages.filter((said) => isShown(said) && said.seq > since);
    const untold = news.filter(({ id }) => !told.has(id));
    if (this.world.messagesMax === 1_000) {
      assert.deepEqual(untold, [], `untold in room ${roomId} of ${user}`);
    }
  }
}

const essence = ({ id, seq, rev, content, created_at }) => ({ id, seq, rev, content, created_at });

/** Somebody who does things at random. */
class Actor {
  sent = new Map();
  told = new Map();
  #waiting = 0;
  #count = 0;

  constructor(id, { chance, hub, world }) {
    this.id = id;
    this.chance = chance;
    const { messagesMax } = world;
    this.client = new Client("http://hub.test", { WebSocket: hub.socketClass, messagesMax });
    this.client.on("ready", () => (this.began = hub.lists.get(id)), { once: true });
    this.client.on("message", ({ message }) => this.#hear(message));
  }

  get isDone() {
    return this.#waiting === 0 && this.client.status === "ready";
  }

  act() {
    const peer = this.chance.pick(USERS.filter((id) => id !== this.id));
    const roomId = this.chance.happens(0.5) ? GROUP : xor(this.id, peer);
    const verb = this.chance.below(10);
    if (verb < 5) {
      this.#send(roomId);
    } else if (verb < 8) {
      this.#change(roomId);
    } else if (verb < 9) {
      const before = this.chance.happens(0.5) ? "9999" : undefined;
      this.#wait(this.client.history(roomId, { count: 1 + this.chance.below(8), before }));
    } else {
      this.#read(roomId);
    }
  }

  #send(roomId) {
    this.#count += 1;
    const content = `${this.id} ${this.#count}`;
    this.sent.set(roomId, (this.sent.get(roomId) ?? []).concat(content));
    this.#wait(this.client.send(roomId, content), true);
  }

  #change(roomId) {
    const own = (this.client.rooms.get(roomId)?.messages ?? []).filter(
      (said) => said.user_id === this.id,
    );
    const said = this.chance.pick(own);
    if (said === undefined) {
      return;
    }
    const isDeleted = this.chance.happens(0.3);
    const change = () =>
      isDeleted
        ? this.client.delete(roomId, said.id)
        : this.client.edit(roomId, said.id, `${said.content}!`);
    this.#wait(change());
  }

  #read(roomId) {
    const room = this.client.rooms.get(roomId);
    const said = this.chance.pick(room?.messages ?? []);
    if (said !== undefined) {
      this.#wait(this.client.read(roomId, said.seq));
    }
  }

  /** Sends must succeed; everything else may be refused, or meet a broken link. */
  async #wait(promise, must = false) {
    this.#waiting += 1;
    try {
      await promise;
    } catch (error) {
      assert.ok(!must && ["offline", 4004, 4009].includes(error.code), error);
    } finally {
      this.#waiting -= 1;
    }
  }

  #hear({ id }) {
    this.told.set(id, (this.told.get(id) ?? 0) + 1);
  }

  /** What was sent is stored once, in the order of sending. */
  check({ rooms }) {
    const twice = [...this.told].filter(([, times]) => times > 1);
    assert.deepEqual(twice, [], `messages told to ${this.id} more than once`);
    for (const [roomId, sent] of this.sent) {
      const stored = rooms.get(roomId).messages.filter(({ user_id }) => user_id === this.id);
      assert.deepEqual(
        stored.map(({ sentAs }) => sentAs),
        sent,
        `sent by ${this.id} to ${roomId}`,
      );
    }
  }
}

const seeds = process.env.SEED
  ? [Number(process.env.SEED)]
  : Array.from({ length: STORIES }, (_, index) => index + 1);

test("whatever breaks, all that the hub knows arrives", async () => {
  for (const seed of seeds) {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    mock.method(Math, "random", () => 0.5);
    const story = new Story(seed);
    try {
      await story.tell();
      story.check();
    } catch (failure) {
      failure.message = `story ${seed}: ${failure.message}`;
      throw failure;
    } finally {
      story.actors.forEach(({ client }) => client.close());
      mock.restoreAll();
      mock.timers.reset();
    }
  }
});
