/**
 * The connection of whoever is logged in, and signals that say when to draw again. The SDK keeps the state; views read
 * it there, and read a signal beside it.
 */
import { batch, computed, effect, signal } from "../../vendor/signals.js";
import { Client } from "../../sdk/tradewind.js";
import { outboxOf } from "./outbox.js";
import { HUB, isOld, leave, renew, token, userOf } from "./session.js";

/** @import { Id } from "../../sdk/tradewind.js" */

/** How many messages of a room are kept: one who reads back far keeps what he reads. */
const MESSAGES_MAX = 20_000;
/** The code by which the hub says that one has too many sessions. */
const REPLACED = 4001;

/** @type {import("../../vendor/signals.js").Signal<Client | null>} */
export const client = signal(null);
/** @type {import("../../vendor/signals.js").Signal<import("../../sdk/tradewind.js").Status>} */
export const status = signal("closed");
/** Whether all lists have come once. */
export const isKnown = signal(false);
/** When the next try is, by the clock of the page. */
export const retryAt = signal(0);
/** How many messages wait to be sent. */
export const unsent = signal(0);
/** Grows with each change of the list of rooms, and of the people one knows. */
export const roomsTick = signal(0);
export const peopleTick = signal(0);
/** Grows with each change of friendships and requests, but not of presence. */
export const friendsTick = signal(0);

/** @type {Map<Id, import("../../vendor/signals.js").Signal<number>>} */
const roomTicks = new Map();

/** Grows with each change of a room. */
export function roomTick(/** @type {Id} */ id) {
  const tick = roomTicks.get(id) ?? signal(0);
  roomTicks.set(id, tick);
  return tick;
}

/** The client, where there must be one. */
export function hub() {
  const current = client.peek();
  if (current === null) {
    throw new Error("nobody is logged in");
  }
  return current;
}

/** How many messages are unread, in all rooms. */
export const unreadInAll = computed(() => {
  void roomsTick.value;
  const rooms = [...(client.value?.rooms.values() ?? [])];
  return rooms.reduce((sum, room) => sum + room.unread, 0);
});

/** Connects whoever logs in, and disconnects whoever leaves. */
export function followSession() {
  effect(() => {
    const issued = token.value;
    client.peek()?.close();
    batch(() => {
      roomTicks.clear();
      isKnown.value = false;
      client.value = issued === null ? null : open(issued);
      update();
    });
  });
  addEventListener("online", () => client.peek()?.wake());
  document.addEventListener("visibilitychange", () => document.hidden || client.peek()?.wake());
}

function open(/** @type {string} */ issued) {
  const made = new Client(HUB, { storage: outboxOf(userOf(issued)), messagesMax: MESSAGES_MAX });
  listen(made);
  const stay = async () => {
    if (isOld(issued)) {
      renew(await made.account.refresh());
    }
  };
  // What breaks the promise is told by events, too.
  made.connect(issued).then(stay).catch(update);
  return made;
}

function listen(/** @type {Client} */ made) {
  const bump = (/** @type {Id | undefined} */ id) => {
    if (id !== undefined) {
      roomTick(id).value += 1;
    }
    roomsTick.value += 1;
    update();
  };
  /** @type {<T extends keyof import("../../sdk/tradewind.js").ClientEvents>(type: T, told: (detail: import("../../sdk/tradewind.js").ClientEvents[T]) => void) => void} */
  const on = (type, told) => void made.on(type, (detail) => batch(() => client.peek() === made && told(detail)));
  on("ready", () => {
    isKnown.value = true;
    bumpAll(made);
  });
  on("message", ({ message }) => bump(message.chat_id));
  on("edit", ({ message }) => bump(message.chat_id));
  on("outbox", ({ chat_id }) => bump(chat_id));
  on("read", ({ room }) => bump(room.id));
  on("typing", ({ room }) => bump(room.id));
  on("room", ({ room }) => bump(room.id));
  on("group", ({ group }) => bump(group.id));
  on("presence", () => (peopleTick.value += 1));
  on("friend", () => {
    friendsTick.value += 1;
    peopleTick.value += 1;
    roomsTick.value += 1;
  });
  on("reset", () => bumpAll(made));
  on("offline", ({ retryInMs }) => {
    retryAt.value = Date.now() + (retryInMs ?? 0);
    bumpAll(made);
  });
  on("signedout", ({ code }) => leave(code === REPLACED ? "replaced" : "ended"));
}

function bumpAll(/** @type {Client} */ made) {
  made.rooms.forEach((_, id) => (roomTick(id).value += 1));
  roomTicks.forEach((tick) => (tick.value += 1));
  roomsTick.value += 1;
  peopleTick.value += 1;
  friendsTick.value += 1;
  update();
}

/** Takes over what the client has no event for. */
export function update() {
  const current = client.peek();
  status.value = current?.status ?? "closed";
  unsent.value = current?.pending.length ?? 0;
}

/** Ends the log-in; `everywhere` ends all others before. */
export async function logOut({ everywhere = false } = {}) {
  const current = hub();
  if (everywhere) {
    const logins = await current.account.sessions();
    const others = logins.filter((login) => !login.current);
    await Promise.all(others.map((login) => current.account.endSession(login.id)));
  }
  await current.logOut().catch(() => current.close());
  leave();
}
