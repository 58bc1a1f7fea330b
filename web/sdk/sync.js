import { OVERLOAD } from "./errors.js";
import { SYNC_MESSAGES_MAX, SYNC_ROOMS_MAX, syncing } from "./requests.js";
import { isGroup } from "./values.js";

/**
 * Brings rooms up to date: compares what a list of rooms says with what is known, and asks for what
 * is missing.
 */
export class Sync {
  /** The history that the revs of the rooms belong to; `null` of hubs that do not tell it. */
  epoch = null;
  #client;
  #links;
  #rooms;
  /** The newest list of rooms. */
  #listing = new Map();

  constructor(client, links, rooms) {
    this.#client = client;
    this.#links = links;
    this.#rooms = rooms;
  }

  /** In another history than that of the revs nothing that is known of rooms counts any more. */
  enterEpoch(epoch) {
    const isOther = this.epoch !== null && epoch !== this.epoch;
    this.epoch = epoch;
    if (isOther) {
      this.#rooms.void();
      this.#client.emit("reset", { epoch });
    }
  }

  /** A list of rooms has come. */
  catchUp(listing) {
    const { all, behind, left } = this.#rooms;
    if (!this.#client.features.has("sync")) {
      all.clear();
    }
    const current = listing.filter(({ id }) => !left.has(id));
    this.#listing = new Map(current.map((listed) => [listed.id, listed]));
    const rooms = current.map((listed) => this.#roomIn(listed));
    const isUnlisted = ({ id, isFresh }) => !isFresh && !this.#listing.has(id);
    const unlisted = [...all.values()].filter(isUnlisted);
    const isAsked = ({ id }) => behind.has(id);
    const late = rooms.concat(unlisted).filter((room) => !isAsked(room) && this.#isBehind(room));
    this.#ask(late.map(({ id, rev }) => [id, rev]));
    rooms.filter((room) => !isAsked(room)).forEach((room) => this.#settle(room));
    this.#completeIfSo();
  }

  #isBehind({ id, rev }) {
    const listed = this.#listing.get(id);
    return listed === undefined || listed.rev > rev;
  }

  /** The room that a list names. If the hub has lost what it had told, so does the room. */
  #roomIn(listed) {
    const room = this.#rooms.all.get(listed.id) ?? this.#adopt(listed);
    if (room.isVoid || (!room.isFresh && listed.rev < room.rev)) {
      room.forget(listed);
    }
    return room;
  }

  /**
   * A room begins empty, at its newest message, and is paged back. Only a conversation that has
   * begun while there was no link is news from its first message on.
   */
  #adopt(listed) {
    const isNew = listed.kind === "dm" && listed.rev <= SYNC_MESSAGES_MAX;
    const isNews = this.#links.hasBeenReady && isNew;
    return this.#rooms.enter(isNews ? { ...listed, seq: 0, rev: 0 } : listed);
  }

  #settle(room) {
    room.isFresh = true;
    this.#rooms.behind.delete(room.id);
    const listed = this.#listing.get(room.id);
    if (listed !== undefined) {
      room.settle(listed);
    }
    this.#rooms.trim(room);
    this.#client.emit("room", { room, isGone: false });
  }

  /** Asks for the changes of rooms after their revs. */
  #ask(revs) {
    revs.forEach(([id]) => this.#rooms.behind.add(id));
    for (let from = 0; from < revs.length; from += SYNC_ROOMS_MAX) {
      const part = revs.slice(from, from + SYNC_ROOMS_MAX);
      this.#links.link.ask({
        ...syncing(Object.fromEntries(part), this.epoch ?? undefined),
        reject: (error) => this.#refused(part, error),
      });
    }
  }

  #refused(revs, error) {
    if (error.isTemporary) {
      this.#links.link.after(this.#links.patience(error), () => this.#ask(revs));
    } else if (error.code !== "offline") {
      this.#client.emit("error", error);
      this.#links.link.end(OVERLOAD, error.message);
    }
  }

  /** An answer has come; the messages it stands for have come before it. */
  heard({ rooms, complete, reset, epoch }) {
    if (reset) {
      this.enterEpoch(epoch);
      this.#links.authenticate();
      return;
    }
    const known = Object.entries(rooms).filter(([id]) => this.#rooms.all.has(id));
    known.forEach(([id, rev]) => this.#reach(this.#rooms.all.get(id), rev, complete));
    if (!complete) {
      this.#ask(known.filter(([, rev]) => rev !== null));
    }
    this.#completeIfSo();
  }

  #reach(room, rev, isAll) {
    if (rev === null && room.rev === 0 && !isGroup(room.id)) {
      // A conversation that has not begun; somebody has typed.
      this.#settle(room);
    } else if (rev === null) {
      this.#rooms.leave(room);
    } else {
      room.catchUp(rev);
      if (isAll) {
        this.advance(room);
        this.#settle(room);
      }
    }
  }

  /**
   * Everything up to the newest change seen has come, unless the answer to an own change is still
   * to come: news may overtake it.
   */
  advance(room) {
    if (!this.#links.link.isChanging(room.id)) {
      room.reach();
    }
  }

  #completeIfSo() {
    if (this.#rooms.behind.size === 0) {
      this.#links.complete();
    }
  }
}
