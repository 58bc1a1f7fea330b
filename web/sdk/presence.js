import { appearing } from "./requests.js";

/** @import { Id, Presence as Status } from "./shapes.js" */

/** Who of the friends is there, and whether the user is. */
export class Presence {
  /**
   * Of each friend.
   * @type {Map<Id, Status>}
   */
  all = new Map();
  #client;
  #links;
  /** What the user has said of this device. */
  #own = "online";

  constructor(client, links) {
    this.#client = client;
    this.#links = links;
  }

  /** Says whether somebody sits at this device. */
  async set(status) {
    this.#own = status;
    if (this.#links.isOnline) {
      await this.#links.ask(appearing(status));
    }
  }

  /** Says it again, on a new link. */
  repeat() {
    if (this.#own !== "online" && this.#client.features.has("presence")) {
      this.#links.link.ask(appearing(this.#own));
    }
  }

  heard({ type, users, user, status, last_seen }) {
    if (type === "set") {
      return;
    }
    /** @type {(Status & { id: Id })[]} */
    const told = type === "snapshot" ? users : [{ id: user, status, last_seen }];
    if (type === "snapshot") {
      this.all.clear();
    }
    told.forEach(({ id, ...presence }) => this.all.set(id, presence));
    this.#client.emit("presence", { users: told, isSnapshot: type === "snapshot" });
  }
}
