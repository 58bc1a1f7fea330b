/**
 * Shapes: what comes from the hub, with the names of the protocol (docs/protocol/rewind.md), and what
 * a program tells the SDK, in camel case. The modules' types are in their own comments; of both
 * `scripts/sdk types` writes tradewind.d.ts.
 */
import type { Client } from "./client.js";
import type { HubError } from "./errors.js";
import type { Room } from "./room.js";

/** Digits; may pass 2^53. */
export type Id = string;
/** `YYYY-MM-DD HH:MM:SS.ffffff` in Korea, see `toDate`. */
export type Time = string;

export type Feature = "sync" | "presence" | "typing" | "read" | "group";

export interface User {
  readonly id: Id;
  /** `null` for somebody who has just written for the first time, until the hub has named him. */
  readonly name: string | null;
  readonly profile: string | null;
  /** Of friends: the address of the conversation with them. */
  readonly room?: Id;
}

export interface Message {
  readonly id: Id;
  /** The author. */
  readonly user_id: Id;
  /** The room. */
  readonly chat_id: Id;
  /** The text; empty if the message is deleted. */
  readonly content: string;
  readonly created_at: Time;
  /** Its number in its room. This and the following are absent without the feature `sync`. */
  readonly seq: number;
  /** The number of its last change among the changes of its room. */
  readonly rev: number;
  readonly edited_at: Time | null;
  /** The author's own name for it, told to nobody else. */
  readonly nonce?: string | null;
}

/** A message that waits to be sent. */
export interface PendingMessage {
  readonly nonce: string;
  readonly chat_id: Id;
  readonly content: string;
}

/** What is drawn of a room: a message, or one of the user's own that is not stored yet. */
export interface TimelineEntry {
  /** The name under which it was sent; `null` for messages of others. */
  readonly nonce: string | null;
  readonly chat_id: Id;
  readonly content: string;
  readonly state: "stored" | "waiting" | "failed";
  /** The message, once it is stored. */
  readonly message: Message | null;
  /** Why the hub has refused it. */
  readonly error: HubError | null;
}

/** What has become of an own message: also "discarded". */
export interface OutboxEntry extends Omit<TimelineEntry, "state" | "nonce"> {
  readonly nonce: string;
  readonly state: "stored" | "waiting" | "failed" | "discarded";
}

export interface Group {
  readonly id: Id;
  readonly title: string;
  /** The owner. */
  readonly owner: Id;
  /** How many there are. */
  readonly members: number;
  readonly created_at: Time;
}

export type Role = "owner" | "moderator" | "member";

export interface Member {
  readonly user: User;
  readonly role: Role;
}

export interface Presence {
  readonly status: "online" | "away" | "offline";
  /** When he went offline the last time, if that is known. */
  readonly last_seen: Time | null;
}

/** Who may add a user to groups. */
export type AddedBy = "friends" | "nobody";

/** An account, as its user sees it over HTTP. */
export interface OwnAccount extends User {
  readonly email: string;
  readonly added_by?: AddedBy;
  /** RFC 3339, in UTC. */
  readonly created_at: string;
}

/** A group whose owner wants to hand it over to the user, as HTTP tells it. */
export interface GroupOffer {
  readonly group: Pick<Group, "id" | "title" | "owner" | "members">;
  /** RFC 3339, in UTC. */
  readonly expires_at: string;
}

/** A log-in. */
export interface Login {
  readonly id: string;
  /** What the program called itself that has logged in. */
  readonly agent: string | null;
  readonly created_at: string;
  readonly renewed_at: string;
  readonly expires_at: string;
  /** Whether it is that of the token which asks. */
  readonly current: boolean;
  /** How many sockets it has open. */
  readonly sockets: number;
}

/** A constructor of sockets like that of browsers. */
export type SocketClass = new (url: string) => {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: any, listener: any): void;
};

/** Where a client keeps what waits to be sent, to outlive the program. One for each user. */
export interface Storage {
  /** Gives what was saved last. Called once. */
  load(): PendingMessage[] | null | undefined | Promise<PendingMessage[] | null | undefined>;
  /** Called whenever something has changed. */
  save(messages: PendingMessage[]): void | Promise<void>;
}

export interface Options {
  /** By default the global one, which Node.js has since version 22. */
  WebSocket?: SocketClass;
  /** What to ask the hub for; by default all. Without `sync` no rooms are kept. */
  features?: readonly Feature[];
  storage?: Storage;
  /** By default the global one; for what goes by HTTP. */
  fetch?: typeof globalThis.fetch;
  /**
   * Gives a token whenever one is needed: at the first `connect` without one, and when the old one
   * has ended. Nothing, if the user is to log in: then the client is `signedout`.
   */
  getToken?: () => string | null | undefined | Promise<string | null | undefined>;
  /** How long the promise of `connect` waits for a hub: 20,000. */
  connectTimeoutMs?: number;
  /** How many messages may wait to be sent: 1,000. */
  queueMax?: number;
  /** How many messages a room holds, unless `history` is asked for more: 1,000. */
  messagesMax?: number;
  /** The time between heartbeats: 40,000. The hub closes after 45,000 without. */
  heartbeatMs?: number;
  /** How long a link may be silent while an answer is awaited: 10,000. */
  answerTimeoutMs?: number;
  /** The first delay before connecting again: 500; doubled each time, and shortened by chance. */
  retryFirstMs?: number;
  /** The longest such delay: 30,000. */
  retryMaxMs?: number;
  /** The delay after a "busy" that names none: 500. */
  busyMs?: number;
}

export type Status = "closed" | "connecting" | "syncing" | "ready" | "offline" | "signedout";

/** What a client tells, by the type of the event. */
export interface ClientEvents {
  /** Everything missed has come; after each new link. */
  ready: Client;
  /** A message that was not known, of anybody, also of the user himself. */
  message: { message: Message; room?: Room };
  /** A message was changed, or deleted: then its text is empty. */
  edit: { message: Message; room?: Room };
  /** A room is new, has gone, or has changed but for its messages. */
  room: { room: Room; isGone: boolean };
  /** Somebody has read up to a message. */
  read: { room: Room; user_id: Id; seq: number };
  typing: { room: Room; user_id: Id; state: "start" | "stop" };
  /** Friends came, went, or are away; with `isSnapshot` these are all friends. */
  presence: { users: (Presence & { id: Id })[]; isSnapshot: boolean };
  /** Something about friendship: a request, its acceptance or removal, the end. */
  friend: {
    type: "request" | "response" | "remove" | "withdraw" | "delete";
    user: User;
    isOwn: boolean;
  };
  /** Something about a group: whom it is about, who did it. */
  group: {
    type: string;
    group: Group;
    user?: User;
    by: Id;
    role?: Role;
    room?: Room;
  };
  /** An own message waits, is stored, was refused or thrown away: draw the `timeline` again. */
  outbox: OutboxEntry;
  /** The hub's history was replaced (a restored backup): all rooms are loaded anew. */
  reset: { epoch: string | null };
  /** The link is lost. `retryInMs` says when the client tries again; `null`: it will not. */
  offline: { code: number; reason: string; retryInMs: number | null };
  /** The token has ended, or is not good: `connect` with another one. */
  signedout: { code: number; reason: string };
  /** Something failed that nobody waits for. */
  error: Error;
}

/** An event for `addEventListener`. */
export interface ClientEvent<T extends keyof ClientEvents> {
  readonly type: T;
  readonly detail: ClientEvents[T];
}
