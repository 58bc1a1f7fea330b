import { USERS_MAX, befriending, lookingUp, requestsOfBoth } from "./requests.js";
import { foldName, idText, plainText } from "./values.js";

/** @import { Id, User } from "./shapes.js" */

/** Whom the user knows, or may come to know: friends, and those who ask to be. */
export class Friends {
  /** @type {Map<Id, User>} */
  all = new Map();
  /**
   * Who asks for friendship.
   * @type {Map<Id, User>}
   */
  requests = new Map();
  #client;
  #links;
  #presence;

  constructor(client, links, presence) {
    this.#client = client;
    this.#links = links;
    this.#presence = presence;
  }

  /** Takes up what the hub lists. */
  fill(friends, requests) {
    fill(this.all, friends);
    fill(this.requests, requests);
  }

  request(name) {
    return this.#ask("request", name);
  }

  withdraw(name) {
    return this.#ask("withdraw", name);
  }

  accept(name) {
    return this.#ask("response", name, () => this.#accepted(named(this.requests, name)));
  }

  remove(name) {
    return this.#ask("remove", name, () => this.#removed(named(this.requests, name)));
  }

  end(name) {
    return this.#ask("delete", name, () => this.#parted(named(this.all, name)));
  }

  /** `applies` changes what is known here, in the moment of the answer. */
  async #ask(verb, name, applies = undefined) {
    await this.#links.ask({ ...befriending(verb, plainText(name, "name")), applies });
  }

  /** Requests that wait, of both directions. */
  async requested() {
    const { incoming, outgoing } = await this.#links.ask(requestsOfBoth());
    return { incoming, outgoing };
  }

  /** Who is meant by ids. */
  async users(ids) {
    const texts = [...new Set(ids.map((id) => idText(id, "user")))];
    const found = [];
    for (let from = 0; from < texts.length; from += USERS_MAX) {
      const part = texts.slice(from, from + USERS_MAX);
      found.push(...(await this.#links.ask(lookingUp(part))).users);
    }
    return found;
  }

  /** A frame of others' doing. */
  heard({ type, user }) {
    if (type === "request") {
      this.requests.set(user.id, user);
    } else if (type === "response") {
      this.all.set(user.id, user);
    } else if (type === "withdraw") {
      this.requests.delete(user.id);
    } else if (type === "delete") {
      this.#drop(user);
    }
    this.#tell(type, user, false);
  }

  #accepted(user) {
    if (user === undefined) {
      // Asked for after the list was made.
      this.#links.refresh();
      return;
    }
    const friend = { ...user, room: this.#client.roomWith(user.id) };
    this.requests.delete(user.id);
    this.all.set(user.id, friend);
    this.#tell("response", friend, true);
  }

  #removed(user) {
    if (user !== undefined) {
      this.requests.delete(user.id);
      this.#tell("remove", user, true);
    }
  }

  #parted(user) {
    if (user !== undefined) {
      this.#drop(user);
      this.#tell("delete", user, true);
    }
  }

  #drop({ id }) {
    this.all.delete(id);
    this.#presence.all.delete(id);
  }

  #tell(type, user, isOwn) {
    this.#links.outdate();
    this.#client.emit("friend", { type, user, isOwn });
  }
}

function named(users, name) {
  const folded = foldName(name);
  return [...users.values()].find((user) => user.name !== null && foldName(user.name) === folded);
}

function fill(users, list) {
  users.clear();
  list.forEach((user) => users.set(user.id, user));
}
