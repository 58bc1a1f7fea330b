/** Who is who: names of all whom the user may know, looked up where no list has named them. */
import { signal } from "../../vendor/signals.js";
import { client, hub, peopleTick, roomsTick, status } from "./hub.js";

/** @import { Id, User } from "../../sdk/tradewind.js" */

/** @type {Map<Id, User>} */
const found = new Map();
/** Whom to ask for, and who was asked for and is nobody that one may know. */
const asked = new Set();
const wanted = new Set();
const foundTick = signal(0);

/** Takes note of users that something has named. */
export function know(/** @type {readonly User[]} */ users) {
  users.forEach((user) => found.set(user.id, user));
  foundTick.value += 1;
}

/** A user's name, or `null` until it is known. */
export function nameOf(/** @type {Id} */ id) {
  void peopleTick.value;
  void foundTick.value;
  const current = client.value;
  const known = id === current?.self?.id ? current.self : (current?.friends.get(id) ?? current?.requests.get(id));
  const name = known?.name ?? found.get(id)?.name ?? null;
  if (name === null && current !== null) {
    want(id);
  }
  return name;
}

/** Asks for a user, with all others that are asked for in the same moment. */
function want(/** @type {Id} */ id) {
  if (asked.has(id)) {
    return;
  }
  asked.add(id);
  wanted.add(id);
  if (wanted.size === 1) {
    queueMicrotask(lookUp);
  }
}

async function lookUp() {
  const ids = [...wanted];
  wanted.clear();
  try {
    know(await hub().users(ids));
  } catch {
    // Asked again by whoever draws it on the next link.
    ids.forEach((id) => asked.delete(id));
  }
}

/** Whether a friend is there; `null` of others, and while nobody knows. */
export function presenceOf(/** @type {Id} */ id) {
  void peopleTick.value;
  const current = client.value;
  const isTold = status.value === "ready" && current?.friends.has(id) === true;
  return isTold ? (current?.presence.get(id)?.status ?? "offline") : null;
}

/** What a room is called: its title, or the other's name. */
export function titleOf(/** @type {import("../../sdk/tradewind.js").Room} */ room) {
  void roomsTick.value;
  return room.kind === "group" ? room.title : room.user && (nameOf(room.user.id) ?? room.user.name);
}

/** Forgets all: somebody else logs in. */
export function forgetPeople() {
  found.clear();
  asked.clear();
  wanted.clear();
}
