import { askingReaders, marking } from "./requests.js";
import { idText } from "./values.js";

/** Up to where the user has read, and the others. */
export class ReadMarks {
  #client;
  #links;
  #rooms;

  constructor(client, links, rooms) {
    this.#client = client;
    this.#links = links;
    this.#rooms = rooms;
  }

  /** Moves the user's mark, by default to the newest message. Gives the new one. */
  async set(roomId, seq = undefined) {
    const id = idText(roomId, "room");
    const { seq: newest = 0, readSeq: mark = 0 } = this.#rooms.all.get(id) ?? {};
    const upTo = seq ?? newest;
    if (!Number.isSafeInteger(upTo)) {
      throw new TypeError(`seq: ${upTo} is no number of a message`);
    }
    const isNew = upTo > mark;
    return isNew ? (await this.#links.ask(marking(id, upTo, this.#client.self.id))).seq : mark;
  }

  /** Those of all others. */
  async list(roomId) {
    const id = idText(roomId, "room");
    const { readers } = await this.#links.ask(askingReaders(id));
    this.#rooms.all.get(id)?.readTo(readers);
    return new Map(Object.entries(readers));
  }

  heard({ type, chat_id, user_id, seq }) {
    const room = this.#rooms.all.get(chat_id);
    if (room === undefined || type === "list") {
      return;
    }
    if (user_id !== this.#client.self.id) {
      room.readTo({ [user_id]: seq });
    } else if (seq > room.readSeq && room.mark(seq)) {
      this.#links.refresh();
    }
    this.#client.emit("read", { room, user_id, seq });
  }
}
