import { Room } from "./room.js";
import { isGroup, xor } from "./values.js";

/** @import { Id } from "./shapes.js" */

/** The rooms that the user is in, as far as they are known; `Sync` brings them up to date. */
export class Rooms {
  /** @type {Map<Id, Room>} */
  all = new Map();
  /** Those whose changes are being asked for. */
  behind = new Set();
  /** The groups that the user is out of since this link began, whatever comes later about them. */
  left = new Set();
  #client;
  #links;
  #messagesMax;

  constructor(client, links, messagesMax) {
    this.#client = client;
    this.#links = links;
    this.#messagesMax = messagesMax;
  }

  /** The link is lost: what happens now is not told. */
  stale() {
    this.behind.clear();
    this.left.clear();
    this.all.forEach((room) => room.stale());
  }

  /** The hub's history is another one now. */
  void() {
    this.behind.clear();
    this.all.forEach((room) => room.void());
  }

  /** A room that a list names. */
  enter(listed) {
    const room = Room.of(listed, this.#client.self.id);
    this.all.set(room.id, room);
    return room;
  }

  /** A room of which everything is told from now on. */
  begin(listed) {
    const room = this.enter({ ...listed, read_seq: 0 });
    room.isFresh = true;
    this.#client.emit("room", { room, isGone: false });
    return room;
  }

  leave(room) {
    this.all.delete(room.id);
    this.behind.delete(room.id);
    this.#client.emit("room", { room, isGone: true });
  }

  /** Saves memory, but not while messages are compared with a list of rooms. */
  trim(room) {
    if (room.isFresh && !this.behind.has(room.id) && !this.#links.link.awaits("auth")) {
      room.trim(this.#messagesMax);
    }
  }

  /** The room of a message; a new one if it was in no list, none if the user is out of it. */
  of(type, { chat_id: id, seq }) {
    const room = this.all.get(id);
    if (room !== undefined || this.left.has(id)) {
      return room;
    }
    return isGroup(id) ? this.#meetGroup(id, type === "edit" ? seq : seq - 1) : this.meet(id);
  }

  /** A conversation has begun: if there had been anything to see before, the list had named it. */
  meet(id) {
    const peer = xor(id, this.#client.self.id);
    const known = this.#client.friends.get(peer) ?? this.#client.requests.get(peer);
    if (known === undefined) {
      this.#links.refresh();
    }
    const user = known ?? { id: peer, name: null, profile: null };
    return this.begin({ id, kind: "dm", user, title: null, seq: 0, rev: 0 });
  }

  /** Something has come of a group before the list that names it. */
  #meetGroup(id, seq) {
    this.#links.refresh();
    return this.begin({ id, kind: "group", user: null, title: null, seq, rev: 0 });
  }
}
