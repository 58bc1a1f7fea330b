/**
 * Types of the Tradewind SDK. What comes from the hub keeps the names of the protocol
 * (docs/protocol/rewind.md); what the SDK adds is in camel case.
 *
 * Written by `scripts/sdk types` from the comments of the modules: change those.
 */

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

/**
 * A user's account, over HTTP; `Client.account` is that of the client's user. What the hub refuses is
 * a `HubError` with the status and the `problem`. A user is named by an id or a name.
 */
export class Account {
  /** `token` is a token, or gives one. */
  constructor(
    address: string | URL,
    token: string | (() => string | undefined | Promise<string | undefined>),
    fetch?: typeof globalThis.fetch,
  );
  /** The account: `{ id, name, profile, email, created_at, … }`. */
  show(): Promise<OwnAccount>;
  /** Changes what is named: `{ name, profile, added_by }`. Gives the account as it is then. */
  change(
    changes: { name?: string; profile?: string | null; added_by?: AddedBy },
  ): Promise<OwnAccount>;
  /** Changes the password. All other log-ins end. */
  changePassword(old: string, password: string): Promise<void>;
  /** Deletes the account, for good. */
  delete(password: string): Promise<void>;
  /** All that is kept of the user, as JSON in a `Blob`. */
  export(): Promise<Blob>;
  /** Whom the user blocks, oldest block first. */
  blocks(): Promise<User[]>;
  /** Wants to hear nothing more of somebody. */
  block(user: Id | string): Promise<void>;
  /** Lifts a block. */
  unblock(user: Id | string): Promise<void>;
  /** Groups that their owners have offered to the user, those first whose offers end first. */
  groupOffers(): Promise<GroupOffer[]>;
  /** The user's log-ins, the one renewed last first. */
  sessions(): Promise<Login[]>;
  /** Ends a log-in with its sockets. */
  endSession(id: string): Promise<void>;
  /** A further token of the same log-in. */
  refresh(): Promise<string>;
  /** Ends the log-in: its tokens stop working. */
  logOut(): Promise<void>;
}

/**
 * Logs in by HTTP and gives the token. `address` is the hub's, such as `https://chat.example`.
 * Rejects with a `HubError` whose code is the HTTP status.
 */
export function login(
  address: string | URL,
  { email, password }: { email: string; password: string },
  fetch?: typeof globalThis.fetch,
): Promise<string>;

/** Asks for an account; a mail with a link goes to the address, which makes it. */
export function register(
  address: string | URL,
  { name, email, password }: { name: string; email: string; password: string },
  fetch?: typeof globalThis.fetch,
): Promise<void>;

/** Has a mail sent with a link to a new password, if somebody has the address. */
export function requestReset(
  address: string | URL,
  email: string,
  fetch?: typeof globalThis.fetch,
): Promise<void>;

/** Sets a new password by the key at the end of the link. All log-ins end. */
export function resetPassword(
  address: string | URL,
  key: string,
  password: string,
  fetch?: typeof globalThis.fetch,
): Promise<void>;

/**
 * Who listens to what. Not the `EventTarget` of browsers, which is missing elsewhere (React Native,
 * some runtimes of plugins), but used like it.
 */
declare class Emitter {
  /** Calls a listener with what each event of a type tells; gives a function that ends this. */
  on<T extends keyof ClientEvents>(
    type: T,
    listener: (detail: ClientEvents[T]) => void,
    options?: { once?: boolean; signal?: AbortSignal },
  ): () => void;
  /** As with an `EventTarget`: the listener gets `{ type, detail }`. */
  addEventListener<T extends keyof ClientEvents>(
    type: T,
    listener: (event: ClientEvent<T>) => void,
    options?: { once?: boolean; signal?: AbortSignal },
  ): void;
  /** Ends what `addEventListener` has begun. */
  removeEventListener<T extends keyof ClientEvents>(
    type: T,
    listener: (event: ClientEvent<T>) => void,
  ): void;
}

/**
 * A user's connection to a hub, kept up over any number of links. What is asked while there is no
 * link is refused with the code `offline`, but for `send`, which waits.
 */
export class Client extends Emitter {
  /**
   * `address` is the hub's, such as `https://chat.example`. All options have good defaults, but
   * Node.js before 22 needs `WebSocket`.
   */
  constructor(address: string | URL, options?: Options);
  /** "closed", "connecting", "syncing", "ready", "offline" (will try again) or "signedout". */
  readonly status: Status;
  /** The user, once the hub has said who it is. */
  readonly self: User | null;
  /** What the hub has granted. */
  readonly features: ReadonlySet<Feature>;
  /** By id. */
  readonly friends: ReadonlyMap<Id, User>;
  /** Who asks for friendship, by id. */
  readonly requests: ReadonlyMap<Id, User>;
  /** Of each friend, by id. */
  readonly presence: ReadonlyMap<Id, Presence>;
  /** By id. */
  readonly rooms: ReadonlyMap<Id, Room>;
  /** The user's account, over HTTP, with the client's token. */
  readonly account: Account;
  /**
   * Connects, and stays connected until `close` or the end of the token. The promise is kept when
   * everything missed has come. It is broken, with the reason, if the client is signed out or closed
   * before, if there is no hub or it does not take this page, and if none has answered within
   * `connectTimeoutMs`; in that last case the client goes on trying.
   */
  connect(token?: string): Promise<Client>;
  /** A promise of the client being ready: now, or when it is the next time. */
  ready(): Promise<Client>;
  /** Tries again at once, if the client waits to do so: the network is back, the page visible. */
  wake(): void;
  /** Ends the log-in: its token stops working, here and on the hub. */
  logOut(): Promise<void>;
  /** Disconnects. What waits to be sent waits for the next `connect`. */
  close(): void;
  /** What waits to be sent, in order. */
  get pending(): PendingMessage[];
  /** The address of the conversation with a user. */
  roomWith(userId: Id): Id;
  /**
   * What a room is drawn from: its messages, and after them what of the user's own was refused or is
   * not stored yet. Also of a conversation that has not begun.
   */
  timeline(roomId: Id): TimelineEntry[];
  /**
   * Sends a text, now or when there is a link again, once, and after what was sent to the room
   * before. Gives the stored message. `nonce` is the message's own name, 1 to 64 characters.
   */
  send(roomId: Id, content: string, nonce?: string): Promise<Message>;
  /** Sends once more what was refused, under its name. Gives the stored message. */
  retry(nonce: string): Promise<Message>;
  /** Throws away what was refused, or waits and is not under way. Tells whether it could. */
  discard(nonce: string): boolean;
  /** Changes the text of an own message, and gives the message as it is then. */
  edit(roomId: Id, messageId: Id, content: string): Promise<Message>;
  /** Deletes an own message: its text is empty from then on. */
  delete(roomId: Id, messageId: Id): Promise<Message>;
  /**
   * Loads up to `count` (50, at most 200) messages before those the room holds, oldest first, and
   * extends what it holds by them. With `before` only gives the page that ends there.
   */
  history(roomId: Id, options?: { count?: number; before?: Time }): Promise<Message[]>;
  /** Says that the user has read up to a message, by default to the newest. Gives the new mark. */
  read(roomId: Id, seq?: number): Promise<number>;
  /** Up to where each of the others has read, also in groups too large for `room.readers`. */
  readers(roomId: Id): Promise<Map<Id, number>>;
  /** Says whether somebody sits at this device. It is said again on each link. */
  setPresence(status: "online" | "away"): Promise<void>;
  /** The user types in a room. May be called on each key; tells the hub every 4 s. */
  typing(roomId: Id): void;
  /** The user types no more. A message says so, too. */
  stopTyping(roomId: Id): void;
  /** Who is meant by ids; those of whom the user may not know are left out. */
  users(ids: readonly Id[]): Promise<User[]>;
  /** Asks somebody for friendship. */
  requestFriend(name: string): Promise<void>;
  /** Takes an own request back. */
  withdrawRequest(name: string): Promise<void>;
  /** Requests that wait. */
  friendRequests(): Promise<{ incoming: User[]; outgoing: User[] }>;
  /** Accepts somebody's request. */
  acceptFriend(name: string): Promise<void>;
  /** Discards somebody's request. */
  removeRequest(name: string): Promise<void>;
  /** Ends a friendship. */
  endFriendship(name: string): Promise<void>;
  /** Makes a group, and gives its room. */
  createGroup(title: string): Promise<Room>;
  /** Gives a group another title. */
  renameGroup(roomId: Id, title: string): Promise<Group>;
  /** Adds a friend to a group. */
  addMember(roomId: Id, name: string): Promise<Group>;
  /** Leaves a group. */
  leaveGroup(roomId: Id): Promise<Group>;
  /** Puts a member out of a group. */
  kick(roomId: Id, name: string): Promise<Group>;
  /** Puts somebody out of a group for good. */
  ban(roomId: Id, name: string): Promise<Group>;
  /** Lets somebody be added again. */
  unban(roomId: Id, name: string): Promise<Group>;
  /** Makes a member a moderator, or a mere member again. */
  setRole(roomId: Id, name: string, role: "moderator" | "member"): Promise<Group>;
  /** Makes another member the owner; to one who has never written in the group it is an offer. */
  transferGroup(roomId: Id, name: string): Promise<Group>;
  /** Accepts the offer of a group: the user is its owner then. */
  acceptGroup(roomId: Id): Promise<Group>;
  /** Declines the offer of a group. */
  declineGroup(roomId: Id): Promise<Group>;
  /** Ends a group. */
  deleteGroup(roomId: Id): Promise<Group>;
  /** Who is in a group, oldest member first. */
  members(roomId: Id): Promise<Member[]>;
}

/**
 * Why something was not done. `code` is a number of the hub's (docs/errors.md), an HTTP status of
 * what goes by HTTP, or a word of the SDK's own:
 *
 * - `offline`: there is no link, or it broke; in this case the hub may or may not have done it
 * - `unanswered`: the hub has passed over it
 * - `full`: too much waits to be sent
 * - `signedout`, `closed`: the client is not connected any more
 * - `unreachable`: nothing answers at the address, or no hub in time
 * - `nohub`: something answers at the address, but it is no hub
 * - `origin`: the hub does not take pages of this origin
 * - `nosocket`: the hub answers, but its socket does not open
 * - `discarded`, `unknown`: the message was thrown away; no message of that name was refused
 */
export class HubError extends Error {
  constructor(
    code: number | string,
    message: string,
    retryAfterMs?: number | null,
    problem?: string | null,
  );
  readonly code: number | string;
  /** When to try again, if the hub has said so. */
  readonly retryAfterMs: number | null;
  /** The code of a problem of the HTTP API, such as `name_taken`. */
  readonly problem: string | null;
  /** Whether the hub only asks to try again later. */
  get isTemporary(): boolean;
}

/** The longest text of a message, in bytes of UTF-8. */
export const CONTENT_BYTES_MAX: number;

/** Everything a hub can grant beside plain REWIND. */
export const FEATURES: readonly Feature[];

/**
 * What is known of a conversation of two, or of a group.
 *
 * It holds a window of the messages: all that are visible from some message on, to the newest. What
 * comes before is loaded by `Client.history`, or was dropped to save memory.
 */
export class Room {
  private constructor();
  readonly id: Id;
  readonly kind: "dm" | "group";
  /** The other user, in a conversation of two. */
  readonly user: User | null;
  /** The title, of a group. */
  readonly title: string | null;
  /** The group as it was told last, if it was since the room is known. */
  readonly group: Group | null;
  /** The number of the newest message. */
  readonly seq: number;
  /** The number of the newest change up to which all have come. */
  readonly rev: number;
  /** The number of the message up to which the user has read. */
  readonly readSeq: number;
  /** The same of the others; of groups with more than 100 members as far as they were told. */
  readonly readers: ReadonlyMap<Id, number>;
  /** Who types; also the user himself, on another device. */
  readonly typing: ReadonlySet<Id>;
  /** The messages of the window, oldest first, without those that are deleted. */
  get messages(): readonly Message[];
  /** Whether there is nothing before the window. */
  get isWhole(): boolean;
  /** How many messages of others the user has not read. */
  get unread(): number;
  /** Whether there are more unread messages than `unread` says: the hub counts up to 999. */
  get unreadMore(): boolean;
  /** The newest message that there is to see, whether the window holds it or not. */
  get last(): Message | null;
  /** When something was sent last: what a list of rooms is sorted by. */
  get lastAt(): Time | null;
}

/** Whether a room is a group: the ids of groups are odd, those of conversations of two even. */
export function isGroup(roomId: Id | number | bigint): boolean;

/** The moment of a time of the protocol, which is Korean (UTC+9) and in microseconds. */
export function toDate(time: Time): Date;

/**
 * The other end of an address: of two users the id of their room, of a room and one of its users
 * the other user. Ids are texts of digits, since they may pass 2^53; the `^` of JavaScript cuts
 * them to 32 bits.
 */
export function xor(a: Id | number | bigint, b: Id | number | bigint): Id;

export {};
