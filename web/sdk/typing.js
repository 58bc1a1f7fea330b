import { composing } from "./requests.js";
import { idText, isGroup } from "./values.js";

/** How often it is said that the user still types; the hub forgets it after 6 s. */
const AGAIN_MS = 4_000;
/** After how long somebody types no more, should the hub's word of it have got lost. */
const LOST_MS = 60_000;

/** Who types where: the user, and the others. All of it is forgotten with the link. */
export class Typing {
  #client;
  #links;
  #rooms;
  /** When the hub was told last that the user types, by room. */
  #toldAt = new Map();
  /** The timers of those who type, by room and user. */
  #typists = new Map();

  constructor(client, links, rooms) {
    this.#client = client;
    this.#links = links;
    this.#rooms = rooms;
  }

  start(roomId) {
    const id = idText(roomId, "room");
    const isTold = Date.now() - (this.#toldAt.get(id) ?? -Infinity) < AGAIN_MS;
    if (this.#links.isOnline && this.#client.features.has("typing") && !isTold) {
      this.#toldAt.set(id, Date.now());
      this.#links.link.ask(composing(id, "start"));
    }
  }

  stop(roomId) {
    const id = idText(roomId, "room");
    if (this.#toldAt.delete(id) && this.#links.isOnline) {
      this.#links.link.ask(composing(id, "stop"));
    }
  }

  /** A message says that its author types no more. */
  sent(id) {
    this.#toldAt.delete(id);
  }

  clear() {
    this.#toldAt.clear();
    this.#typists.forEach(clearTimeout);
    this.#typists.clear();
  }

  heard({ chat_id, user_id, state }) {
    const isFirst = state === "start" && this.#client.features.has("sync") && !isGroup(chat_id);
    const room = this.#rooms.all.get(chat_id) ?? (isFirst ? this.#rooms.meet(chat_id) : undefined);
    const typist = `${chat_id} ${user_id}`;
    clearTimeout(this.#typists.get(typist));
    this.#typists.delete(typist);
    if (room !== undefined && state === "start") {
      const forget = () => this.heard({ chat_id, user_id, state: "stop" });
      this.#typists.set(typist, setTimeout(forget, LOST_MS));
      room.addTypist(user_id);
      this.#client.emit("typing", { room, user_id, state });
    } else if (room?.dropTypist(user_id)) {
      this.#client.emit("typing", { room, user_id, state });
    }
  }
}
