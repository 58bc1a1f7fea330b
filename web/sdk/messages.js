import { PAGE_MAX, editing, paging, pagingWhole } from "./requests.js";
import { isShown, messageOf } from "./room.js";
import { idText, utf8Length } from "./values.js";

/**
 * The longest text of a message, in bytes of UTF-8.
 * @type {number}
 */
export const CONTENT_BYTES_MAX = 65_536;

/** Later than every message. */
const END_OF_TIME = "9999-12-31 23:59:59.999999";

/** Messages that are stored: those that come, pages of old ones, and changes of own ones. */
export class Messages {
  #client;
  #links;
  #rooms;
  #sync;

  constructor(client, links, rooms, sync) {
    this.#client = client;
    this.#links = links;
    this.#rooms = rooms;
    this.#sync = sync;
  }

  async edit(roomId, messageId, content) {
    return this.#rewrite(roomId, messageId, textOf(content));
  }

  async delete(roomId, messageId) {
    return this.#rewrite(roomId, messageId, "");
  }

  async #rewrite(roomId, messageId, content) {
    const request = editing(idText(roomId, "room"), idText(messageId, "message"), content);
    return messageOf(await this.#links.ask(request));
  }

  /** Pages back from what a room holds, or from `before`. */
  async history(roomId, { count = 50, before = undefined } = {}) {
    const id = idText(roomId, "room");
    const room = before === undefined ? this.#rooms.all.get(id) : undefined;
    if (room?.isWhole) {
      return [];
    }
    const size = Math.min(count, PAGE_MAX);
    const load = () => this.#page(id, before ?? room?.oldest ?? END_OF_TIME, size);
    if (room === undefined) {
      return load();
    }
    const began = room.beginLoad();
    try {
      const page = await load();
      const seqs = page.map(({ seq }) => seq);
      room.extend(began, seqs, page.length < size);
      return page.map((message) => room.current(message)).filter(isShown);
    } finally {
      room.endLoad();
    }
  }

  /** Hubs that tell their epoch send a page in one frame, older ones a frame a message. */
  async #page(id, before, size) {
    if (this.#sync.epoch === null) {
      return (await this.#links.ask(paging(id, before, size))).map(messageOf);
    }
    const { messages } = await this.#links.ask(pagingWhole(id, before, size));
    return messages.map(messageOf);
  }

  /** A message, that answers `request` or is news. */
  heard(payload, request) {
    const message = messageOf(payload);
    const isLoaded = request?.frame.type === "load";
    if (message.seq === undefined) {
      // A hub without sync tells too little to keep rooms by.
      this.#announce(isLoaded ? "known" : OUTCOMES[payload.type], message);
    } else if (isLoaded) {
      this.#loaded(message);
    } else {
      this.#placed(payload.type, message);
    }
  }

  /** A page in one frame. */
  heardPage({ type, messages }) {
    if (type === "chat") {
      messages.map(messageOf).forEach((message) => this.#loaded(message));
    }
  }

  /** A message of a page may also be news, which look the same. */
  #loaded(message) {
    const room = this.#rooms.of("send", message);
    this.#announce(room?.merge(message), message, room);
  }

  #placed(type, message) {
    const room = this.#rooms.of(type, message);
    if (room === undefined) {
      return;
    }
    const outcome = room.put(message);
    if (room.isFresh) {
      this.#sync.advance(room);
    }
    this.#announce(outcome === "below" && type === "edit" ? "changed" : outcome, message, room);
    this.#rooms.trim(room);
  }

  #announce(outcome, message, room) {
    if (outcome === "new") {
      this.#client.emit("message", { message, room });
    } else if (outcome === "changed") {
      this.#client.emit("edit", { message, room });
    }
  }
}

const OUTCOMES = { send: "new", edit: "changed" };

/**
 * A text that can be a message's.
 *
 * @throws {TypeError | RangeError} in the program that has it wrong instead of in the hub
 */
export function textOf(content) {
  if (typeof content !== "string" || content === "") {
    throw new TypeError("a message needs a text");
  }
  if (utf8Length(content) > CONTENT_BYTES_MAX) {
    throw new RangeError(`a text may have ${CONTENT_BYTES_MAX} bytes`);
  }
  return content;
}
