import { Account } from "./account.js";
import { Emitter } from "./events.js";
import { settings } from "./options.js";
import { Parts } from "./parts.js";
import { timeline } from "./timeline.js";
import { idText, xor } from "./values.js";

/** @import { Room } from "./room.js" */
/** @import { Feature, Group, Id, Member, Message, Options, PendingMessage } from "./shapes.js" */
/** @import { Presence, Status, Time, TimelineEntry, User } from "./shapes.js" */

/**
 * A user's connection to a hub, kept up over any number of links. What is asked while there is no
 * link is refused with the code `offline`, but for `send`, which waits.
 */
export class Client extends Emitter {
  /**
   * "closed", "connecting", "syncing", "ready", "offline" (will try again) or "signedout".
   * @type {Status}
   */
  status = "closed";
  /**
   * The user, once the hub has said who it is.
   * @type {User | null}
   */
  self = null;
  /**
   * What the hub has granted.
   * @type {ReadonlySet<Feature>}
   */
  features = new Set();
  /**
   * By id.
   * @type {ReadonlyMap<Id, User>}
   */
  friends;
  /**
   * Who asks for friendship, by id.
   * @type {ReadonlyMap<Id, User>}
   */
  requests;
  /**
   * Of each friend, by id.
   * @type {ReadonlyMap<Id, Presence>}
   */
  presence;
  /**
   * By id.
   * @type {ReadonlyMap<Id, Room>}
   */
  rooms;
  /**
   * The user's account, over HTTP, with the client's token.
   * @type {Account}
   */
  account;

  #parts;

  /**
   * `address` is the hub's, such as `https://chat.example`. All options have good defaults, but
   * Node.js before 22 needs `WebSocket`.
   * @param {string | URL} address
   * @param {Options} [options]
   */
  constructor(address, options = {}) {
    super();
    const all = settings(options);
    this.#parts = new Parts(this, address, all);
    this.friends = this.#parts.friends.all;
    this.requests = this.#parts.friends.requests;
    this.presence = this.#parts.presence.all;
    this.rooms = this.#parts.rooms.all;
    this.account = new Account(address, () => this.#parts.links.token, all.fetch);
  }

  // Coming and going

  /**
   * Connects, and stays connected until `close` or the end of the token. The promise is kept when
   * everything missed has come. It is broken, with the reason, if the client is signed out or closed
   * before, if there is no hub or it does not take this page, and if none has answered within
   * `connectTimeoutMs`; in that last case the client goes on trying.
   * @type {(token?: string) => Promise<Client>}
   */
  connect(token) {
    return this.#parts.links.connect(token);
  }

  /**
   * A promise of the client being ready: now, or when it is the next time.
   * @type {() => Promise<Client>}
   */
  ready() {
    return this.#parts.links.ready();
  }

  /** Tries again at once, if the client waits to do so: the network is back, the page visible. */
  wake() {
    this.#parts.links.wake();
  }

  /** Ends the log-in: its token stops working, here and on the hub. */
  async logOut() {
    await this.account.logOut();
    this.close();
  }

  /** Disconnects. What waits to be sent waits for the next `connect`. */
  close() {
    this.#parts.links.close();
  }

  // Messages

  /**
   * What waits to be sent, in order.
   * @returns {PendingMessage[]}
   */
  get pending() {
    return this.#parts.sender.waiting;
  }

  /**
   * The address of the conversation with a user.
   * @type {(userId: Id) => Id}
   */
  roomWith(userId) {
    return xor(idText(userId, "user"), this.self.id);
  }

  /**
   * What a room is drawn from: its messages, and after them what of the user's own was refused or is
   * not stored yet. Also of a conversation that has not begun.
   * @type {(roomId: Id) => TimelineEntry[]}
   */
  timeline(roomId) {
    const id = idText(roomId, "room");
    return timeline(id, this.rooms.get(id)?.messages ?? [], this.#parts.sender.echoes(id));
  }

  /**
   * Sends a text, now or when there is a link again, once, and after what was sent to the room
   * before. Gives the stored message. `nonce` is the message's own name, 1 to 64 characters.
   * @type {(roomId: Id, content: string, nonce?: string) => Promise<Message>}
   */
  send(roomId, content, nonce) {
    return this.#parts.sender.send(roomId, content, nonce);
  }

  /**
   * Sends once more what was refused, under its name. Gives the stored message.
   * @type {(nonce: string) => Promise<Message>}
   */
  retry(nonce) {
    return this.#parts.sender.retry(nonce);
  }

  /**
   * Throws away what was refused, or waits and is not under way. Tells whether it could.
   * @type {(nonce: string) => boolean}
   */
  discard(nonce) {
    return this.#parts.sender.discard(nonce);
  }

  /**
   * Changes the text of an own message, and gives the message as it is then.
   * @type {(roomId: Id, messageId: Id, content: string) => Promise<Message>}
   */
  edit(roomId, messageId, content) {
    return this.#parts.messages.edit(roomId, messageId, content);
  }

  /**
   * Deletes an own message: its text is empty from then on.
   * @type {(roomId: Id, messageId: Id) => Promise<Message>}
   */
  delete(roomId, messageId) {
    return this.#parts.messages.delete(roomId, messageId);
  }

  /**
   * Loads up to `count` (50, at most 200) messages before those the room holds, oldest first, and
   * extends what it holds by them. With `before` only gives the page that ends there.
   * @type {(roomId: Id, options?: { count?: number, before?: Time }) => Promise<Message[]>}
   */
  history(roomId, options) {
    return this.#parts.messages.history(roomId, options);
  }

  /**
   * Says that the user has read up to a message, by default to the newest. Gives the new mark.
   * @type {(roomId: Id, seq?: number) => Promise<number>}
   */
  read(roomId, seq) {
    return this.#parts.marks.set(roomId, seq);
  }

  /**
   * Up to where each of the others has read, also in groups too large for `room.readers`.
   * @type {(roomId: Id) => Promise<Map<Id, number>>}
   */
  readers(roomId) {
    return this.#parts.marks.list(roomId);
  }

  // Being there

  /**
   * Says whether somebody sits at this device. It is said again on each link.
   * @type {(status: "online" | "away") => Promise<void>}
   */
  setPresence(status) {
    return this.#parts.presence.set(status);
  }

  /**
   * The user types in a room. May be called on each key; tells the hub every 4 s.
   * @type {(roomId: Id) => void}
   */
  typing(roomId) {
    this.#parts.typing.start(roomId);
  }

  /**
   * The user types no more. A message says so, too.
   * @type {(roomId: Id) => void}
   */
  stopTyping(roomId) {
    this.#parts.typing.stop(roomId);
  }

  // Users, and friends by name

  /**
   * Who is meant by ids; those of whom the user may not know are left out.
   * @type {(ids: readonly Id[]) => Promise<User[]>}
   */
  users(ids) {
    return this.#parts.friends.users(ids);
  }

  /**
   * Asks somebody for friendship.
   * @type {(name: string) => Promise<void>}
   */
  requestFriend(name) {
    return this.#parts.friends.request(name);
  }

  /**
   * Takes an own request back.
   * @type {(name: string) => Promise<void>}
   */
  withdrawRequest(name) {
    return this.#parts.friends.withdraw(name);
  }

  /**
   * Requests that wait.
   * @type {() => Promise<{ incoming: User[], outgoing: User[] }>}
   */
  friendRequests() {
    return this.#parts.friends.requested();
  }

  /**
   * Accepts somebody's request.
   * @type {(name: string) => Promise<void>}
   */
  acceptFriend(name) {
    return this.#parts.friends.accept(name);
  }

  /**
   * Discards somebody's request.
   * @type {(name: string) => Promise<void>}
   */
  removeRequest(name) {
    return this.#parts.friends.remove(name);
  }

  /**
   * Ends a friendship.
   * @type {(name: string) => Promise<void>}
   */
  endFriendship(name) {
    return this.#parts.friends.end(name);
  }

  // Groups

  /**
   * Makes a group, and gives its room.
   * @type {(title: string) => Promise<Room>}
   */
  createGroup(title) {
    return this.#parts.groups.create(title);
  }

  /**
   * Gives a group another title.
   * @type {(roomId: Id, title: string) => Promise<Group>}
   */
  renameGroup(roomId, title) {
    return this.#parts.groups.change("rename", { chat_id: roomId, title });
  }

  /**
   * Adds a friend to a group.
   * @type {(roomId: Id, name: string) => Promise<Group>}
   */
  addMember(roomId, name) {
    return this.#parts.groups.change("add", { chat_id: roomId, name });
  }

  /**
   * Leaves a group.
   * @type {(roomId: Id) => Promise<Group>}
   */
  leaveGroup(roomId) {
    return this.#parts.groups.change("leave", { chat_id: roomId });
  }

  /**
   * Puts a member out of a group.
   * @type {(roomId: Id, name: string) => Promise<Group>}
   */
  kick(roomId, name) {
    return this.#parts.groups.change("kick", { chat_id: roomId, name });
  }

  /**
   * Puts somebody out of a group for good.
   * @type {(roomId: Id, name: string) => Promise<Group>}
   */
  ban(roomId, name) {
    return this.#parts.groups.change("ban", { chat_id: roomId, name });
  }

  /**
   * Lets somebody be added again.
   * @type {(roomId: Id, name: string) => Promise<Group>}
   */
  unban(roomId, name) {
    return this.#parts.groups.change("unban", { chat_id: roomId, name });
  }

  /**
   * Makes a member a moderator, or a mere member again.
   * @type {(roomId: Id, name: string, role: "moderator" | "member") => Promise<Group>}
   */
  setRole(roomId, name, role) {
    return this.#parts.groups.change("role", { chat_id: roomId, name, role });
  }

  /**
   * Makes another member the owner; to one who has never written in the group it is an offer.
   * @type {(roomId: Id, name: string) => Promise<Group>}
   */
  transferGroup(roomId, name) {
    return this.#parts.groups.change("transfer", { chat_id: roomId, name });
  }

  /**
   * Accepts the offer of a group: the user is its owner then.
   * @type {(roomId: Id) => Promise<Group>}
   */
  acceptGroup(roomId) {
    return this.#parts.groups.change("accept", { chat_id: roomId });
  }

  /**
   * Declines the offer of a group.
   * @type {(roomId: Id) => Promise<Group>}
   */
  declineGroup(roomId) {
    return this.#parts.groups.change("decline", { chat_id: roomId });
  }

  /**
   * Ends a group.
   * @type {(roomId: Id) => Promise<Group>}
   */
  deleteGroup(roomId) {
    return this.#parts.groups.change("delete", { chat_id: roomId });
  }

  /**
   * Who is in a group, oldest member first.
   * @type {(roomId: Id) => Promise<Member[]>}
   */
  members(roomId) {
    return this.#parts.groups.members(roomId);
  }
}
