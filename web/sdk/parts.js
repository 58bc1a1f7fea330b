import { HubError, errorOf } from "./errors.js";
import { Friends } from "./friends.js";
import { Groups } from "./groups.js";
import { Links } from "./links.js";
import { ReadMarks } from "./marks.js";
import { Messages } from "./messages.js";
import { Presence } from "./presence.js";
import { Rooms } from "./rooms.js";
import { Sender } from "./sender.js";
import { Sync } from "./sync.js";
import { Typing } from "./typing.js";

/**
 * What a client is made of, and who of it hears which frame.
 *
 * State follows frames. Each frame changes the local state in the moment it comes, whoever asked for
 * it; promises only tell that an answer has come.
 */
export class Parts {
  #client;

  constructor(client, address, options) {
    this.#client = client;
    this.links = new Links(client, address, options, {
      restore: () => this.sender.restore(),
      heard: (frame, request) => this.#heard(frame, request),
      dropped: () => this.#dropped(),
    });
    this.rooms = new Rooms(client, this.links, options.messagesMax);
    this.sync = new Sync(client, this.links, this.rooms);
    this.messages = new Messages(client, this.links, this.rooms, this.sync);
    this.marks = new ReadMarks(client, this.links, this.rooms);
    this.typing = new Typing(client, this.links, this.rooms);
    this.sender = new Sender(client, this.links, this.typing, options);
    this.presence = new Presence(client, this.links);
    this.friends = new Friends(client, this.links, this.presence);
    this.groups = new Groups(client, this.links, this.rooms);
  }

  /** What lives as long as a link. */
  #dropped() {
    this.sender.resume();
    this.typing.clear();
    this.rooms.stale();
  }

  #heard({ type, payload }, request) {
    switch (type) {
      case "auth":
        return this.#welcomed(payload);
      case "chat":
        return this.messages.heard(payload, request);
      case "load":
        return this.messages.heardPage(payload);
      case "sync":
        return this.sync.heard(payload);
      case "mutual_users":
        return this.friends.heard(payload);
      case "presence":
        return this.presence.heard(payload);
      case "typing":
        return this.typing.heard(payload);
      case "read":
        return this.marks.heard(payload);
      case "group":
        return this.groups.heard(payload);
      case "ok":
        return request?.applies?.();
      case "error":
        return this.#client.emit("error", errorOf(payload));
      default:
        // Of a later version of the protocol.
        return undefined;
    }
  }

  #welcomed(welcome) {
    const { self_user, mutual_users, mutual_requests, features = [], rooms = [] } = welcome;
    const client = this.#client;
    if (client.self !== null && client.self.id !== self_user.id) {
      this.#forgetUser();
    }
    client.self = self_user;
    this.links.accepted();
    this.sync.enterEpoch(welcome.epoch ?? null);
    client.features = new Set(features);
    this.friends.fill(mutual_users, mutual_requests);
    if (this.links.begin()) {
      this.presence.repeat();
      this.sender.pump();
    }
    this.sync.catchUp(rooms);
  }

  #forgetUser() {
    this.sync.epoch = null;
    this.rooms.all.clear();
    this.presence.all.clear();
    this.links.hasBeenReady = false;
    this.sender.clear(new HubError("signedout", "another user has signed in"));
  }
}
