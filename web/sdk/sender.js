import { HubError } from "./errors.js";
import { textOf } from "./messages.js";
import { Outbox } from "./outbox.js";
import { sending } from "./requests.js";
import { messageOf } from "./room.js";
import { idText } from "./values.js";

/** Sends what is in the outbox while there is a link, in order, and waits while the hub is busy. */
export class Sender {
  #client;
  #links;
  #typing;
  #outbox;
  #isPaused = false;

  constructor(client, links, typing, { queueMax, storage }) {
    this.#client = client;
    this.#links = links;
    this.#typing = typing;
    this.#outbox = new Outbox(queueMax, storage, {
      changed: (entry) => client.emit("outbox", entry),
      complain: (error) => client.emit("error", error),
    });
  }

  get waiting() {
    return this.#outbox.waiting;
  }

  /** What of a room is not stored yet. */
  echoes(roomId) {
    return this.#outbox.echoes(roomId);
  }

  restore() {
    return this.#outbox.restore();
  }

  /** Another user has signed in. */
  clear(error) {
    this.#outbox.clear(error);
  }

  /** A promise of the stored message. */
  async send(roomId, content, nonce = makeNonce()) {
    const id = idText(roomId, "room");
    const sent = this.#outbox.add({ nonce, chat_id: id, content: textOf(content) });
    this.#typing.sent(id);
    this.pump();
    return sent;
  }

  async retry(nonce) {
    const entry = this.#outbox.takeFailed(nonce);
    if (entry === undefined) {
      throw new HubError("unknown", "no message of that name was refused");
    }
    return this.send(entry.chat_id, entry.content, nonce);
  }

  discard(nonce) {
    return this.#outbox.discard(nonce);
  }

  /** A new link need not wait for what the old one was to wait for. */
  resume() {
    this.#isPaused = false;
  }

  /** Sends what may be sent now. */
  pump() {
    if (this.#links.isOnline && !this.#isPaused) {
      this.#outbox.due().forEach((entry) => this.#transmit(entry));
    }
  }

  #transmit(entry) {
    entry.isUnderWay = true;
    this.#links.link.ask({
      ...sending(entry, this.#client.self.id),
      resolve: (payload) => {
        this.#outbox.sent(entry.nonce, messageOf(payload));
        this.pump();
      },
      reject: (error) => this.#unsent(entry, error),
    });
  }

  #unsent(entry, error) {
    entry.isUnderWay = false;
    if (error.isTemporary) {
      this.#pause(error);
    } else if (error.code !== "offline") {
      this.#outbox.failed(entry.nonce, error);
      if (entry.reject === undefined) {
        this.#client.emit("error", error);
      }
      this.pump();
    }
  }

  #pause(error) {
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#links.link.after(this.#links.patience(error), () => {
        this.#isPaused = false;
        this.pump();
      });
    }
  }
}

/** Nonces need not be secret, only different: where there is no `crypto`, chance will do. */
function makeNonce() {
  const bytes = new Uint8Array(16).map(() => Math.floor(Math.random() * 256));
  globalThis.crypto?.getRandomValues?.(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
