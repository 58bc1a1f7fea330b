/** Not run, only compiled: what users of the types rely on, and what they must not get away with. */
import {
  Account,
  CONTENT_BYTES_MAX,
  Client,
  FEATURES,
  HubError,
  Room,
  isGroup,
  login,
  register,
  requestReset,
  resetPassword,
  toDate,
  xor,
} from "@tradewind/sdk";
import type {
  AddedBy,
  ClientEvent,
  ClientEvents,
  Feature,
  Group,
  GroupOffer,
  Id,
  Login,
  Member,
  Message,
  Options,
  OutboxEntry,
  OwnAccount,
  PendingMessage,
  Presence,
  Role,
  SocketClass,
  Status,
  Storage,
  Time,
  TimelineEntry,
  User,
} from "@tradewind/sdk";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_isSo: Equal<A, B>): void => {};
/** That a call gives a promise of this, and of nothing else. */
const gives = <B>() => <A>(_promise: Promise<A>, _isSo: Equal<A, B>): void => {};

const storage: Storage = {
  load: async (): Promise<PendingMessage[]> => [],
  save: (messages) => same<typeof messages, PendingMessage[]>(true),
};
class Socket extends EventTarget {
  constructor(public url: string) {
    super();
  }
  send(_text: string): void {}
  close(): void {}
}
const options: Options = {
  WebSocket: Socket,
  storage,
  features: ["sync", "typing"],
  getToken: async () => null,
  retryMaxMs: 1,
};

export const ofBrowsers: Options = { WebSocket: globalThis.WebSocket };
export const socket: SocketClass = Socket;

async function talk(): Promise<void> {
  const token = await login(new URL("https://hub.test"), { email: "", password: "" });
  same<typeof token, string>(true);
  const client = new Client("https://hub.test", options);
  const stop = client.on("message", ({ message, room }) => {
    same<typeof message, Message>(true);
    same<typeof room, Room | undefined>(true);
  });
  client.on("offline", ({ retryInMs }) => same<typeof retryInMs, number | null>(true), {
    once: true,
  });
  client.addEventListener("ready", ({ detail }) => same<typeof detail, Client>(true));
  stop();
  same<ClientEvents["ready"], Client>(true);

  const ready = await client.connect(token);
  same<typeof ready, Client>(true);
  const room = client.rooms.get(xor(1, 2n));
  same<typeof room, Room | undefined>(true);
  const [first] = await client.history("1", { count: 5 });
  same<typeof first.seq, number>(true);
  const sent = await client.send("1", "text", "nonce");
  const date: Date = toDate(sent.created_at);
  const isOdd: boolean = isGroup(sent.chat_id);
  await client.setRole("1", "bob", "moderator");
  client.close();
  void [date, isOdd];

  // @ts-expect-error No such event.
  client.on("nothing", () => {});
  // @ts-expect-error State is read, not written.
  client.status = "ready";
  // @ts-expect-error Messages are shared.
  sent.content = "other";
  // @ts-expect-error Owners are made by transferGroup.
  await client.setRole("1", "bob", "owner");
  // @ts-expect-error Ids are texts: numbers are too small for them.
  await client.send(1, "text");
  // @ts-expect-error Rooms come from clients.
  new Room();
}

/** Each function of the module. */
export function functions(fetch: typeof globalThis.fetch): void {
  const account = { name: "", email: "", password: "" };
  gives<string>()(login("https://hub.test", account, fetch), true);
  gives<void>()(register("https://hub.test", account, fetch), true);
  gives<void>()(requestReset("https://hub.test", "alice@hub.test", fetch), true);
  gives<void>()(resetPassword(new URL("https://hub.test"), "key", "password", fetch), true);
  same<ReturnType<typeof xor>, Id>(true);
  same<typeof FEATURES, readonly Feature[]>(true);
  const bytes: number = CONTENT_BYTES_MAX;
  void bytes;

  // @ts-expect-error A password is needed.
  void login("https://hub.test", { email: "" });
  // @ts-expect-error A name is needed.
  void register("https://hub.test", { email: "", password: "" });
  // @ts-expect-error The address comes first.
  void requestReset({ email: "alice@hub.test" });
  // @ts-expect-error A password is needed.
  void resetPassword("https://hub.test", "key");
  // @ts-expect-error Times are the protocol's texts.
  toDate(new Date());
  // @ts-expect-error Ids are digits.
  isGroup({});
}

/** All that a client knows. */
export function state(client: Client): void {
  same<typeof client.status, Status>(true);
  same<typeof client.self, User | null>(true);
  same<typeof client.features, ReadonlySet<Feature>>(true);
  same<typeof client.friends, ReadonlyMap<Id, User>>(true);
  same<typeof client.requests, ReadonlyMap<Id, User>>(true);
  same<typeof client.presence, ReadonlyMap<Id, Presence>>(true);
  same<typeof client.rooms, ReadonlyMap<Id, Room>>(true);
  same<typeof client.pending, PendingMessage[]>(true);
  same<typeof client.account, Account>(true);

  // @ts-expect-error Maps are read, not written.
  client.rooms.clear();
  // @ts-expect-error Sets, too.
  client.features.add("sync");
  // @ts-expect-error The hub says who the user is.
  client.self = null;
  // @ts-expect-error The inside of the SDK is not a program's.
  client.emit("ready", client);
}

/** All that a room knows. */
export function knowledge(room: Room): void {
  same<typeof room.id, Id>(true);
  same<typeof room.kind, "dm" | "group">(true);
  same<typeof room.user, User | null>(true);
  same<typeof room.title, string | null>(true);
  same<typeof room.group, Group | null>(true);
  same<typeof room.seq, number>(true);
  same<typeof room.rev, number>(true);
  same<typeof room.readSeq, number>(true);
  same<typeof room.readers, ReadonlyMap<Id, number>>(true);
  same<typeof room.typing, ReadonlySet<Id>>(true);
  same<typeof room.messages, readonly Message[]>(true);
  same<typeof room.isWhole, boolean>(true);
  same<typeof room.unread, number>(true);
  same<typeof room.unreadMore, boolean>(true);
  same<typeof room.last, Message | null>(true);
  same<typeof room.lastAt, Time | null>(true);

  // @ts-expect-error State is read, not written.
  room.title = "other";
  // @ts-expect-error A list is a view.
  room.messages.pop();
  // @ts-expect-error How many are unread follows from what is read.
  room.unread = 0;
  // @ts-expect-error Who types is told by the hub.
  room.typing.add("1");
  // @ts-expect-error The inside of the SDK is not a program's.
  room.merge({});
  // @ts-expect-error Nor is this.
  void room.isFresh;
}

/** All that can be asked of a client. */
export function requests(client: Client): void {
  gives<Client>()(client.connect(), true);
  gives<Client>()(client.ready(), true);
  gives<void>()(client.logOut(), true);
  same<ReturnType<typeof client.wake>, void>(true);
  same<ReturnType<typeof client.close>, void>(true);
  same<ReturnType<typeof client.roomWith>, Id>(true);
  same<ReturnType<typeof client.timeline>, TimelineEntry[]>(true);
  same<ReturnType<typeof client.discard>, boolean>(true);
  same<ReturnType<typeof client.typing>, void>(true);
  same<ReturnType<typeof client.stopTyping>, void>(true);
  gives<Message>()(client.send("2", "text"), true);
  gives<Message>()(client.retry("nonce"), true);
  gives<Message>()(client.edit("2", "1", "text"), true);
  gives<Message>()(client.delete("2", "1"), true);
  gives<Message[]>()(client.history("2", { before: "2026-01-01 00:00:00.000000" }), true);
  gives<number>()(client.read("2"), true);
  gives<number>()(client.read("2", 7), true);
  gives<Map<Id, number>>()(client.readers("1"), true);
  gives<User[]>()(client.users(["1", "2"]), true);
  gives<void>()(client.setPresence("away"), true);

  // @ts-expect-error Tokens are texts.
  void client.connect(7);
  // @ts-expect-error A text is needed.
  void client.send("2");
  // @ts-expect-error The room comes first.
  void client.edit("1", "text");
  // @ts-expect-error A message is named.
  void client.delete("2");
  // @ts-expect-error No such option.
  void client.history("2", { size: 5 });
  // @ts-expect-error What is read is a number of a message.
  void client.read("2", "7");
  // @ts-expect-error Several are asked for at once.
  void client.users("1");
  // @ts-expect-error Who is offline cannot say so.
  void client.setPresence("offline");
  // @ts-expect-error A room is named.
  client.typing();
  // @ts-expect-error A room is named.
  client.timeline();
}

/** All that is done by name, and with groups. */
export function people(client: Client): void {
  gives<void>()(client.requestFriend("bob"), true);
  gives<void>()(client.withdrawRequest("bob"), true);
  gives<{ incoming: User[]; outgoing: User[] }>()(client.friendRequests(), true);
  gives<void>()(client.acceptFriend("bob"), true);
  gives<void>()(client.removeRequest("bob"), true);
  gives<void>()(client.endFriendship("bob"), true);
  gives<Room>()(client.createGroup("title"), true);
  gives<Group>()(client.renameGroup("1", "title"), true);
  gives<Group>()(client.addMember("1", "bob"), true);
  gives<Group>()(client.leaveGroup("1"), true);
  gives<Group>()(client.kick("1", "bob"), true);
  gives<Group>()(client.ban("1", "bob"), true);
  gives<Group>()(client.unban("1", "bob"), true);
  gives<Group>()(client.setRole("1", "bob", "member"), true);
  gives<Group>()(client.transferGroup("1", "bob"), true);
  gives<Group>()(client.acceptGroup("1"), true);
  gives<Group>()(client.declineGroup("1"), true);
  gives<Group>()(client.deleteGroup("1"), true);
  gives<Member[]>()(client.members("1"), true);
  same<Member["role"], Role>(true);

  // @ts-expect-error Names are texts.
  void client.requestFriend(1);
  // @ts-expect-error A member is named.
  void client.kick("1");
  // @ts-expect-error A title is needed.
  void client.createGroup();
  // @ts-expect-error Nothing is answered to a request for friendship.
  void client.acceptFriend("bob").then((user: User) => user);
}

/** All that an account can be asked. */
export function ownAccount(client: Client): void {
  const account = new Account("https://hub.test", async () => "token", globalThis.fetch);
  same<typeof client.account, typeof account>(true);
  gives<OwnAccount>()(account.show(), true);
  const nobody: AddedBy = "nobody";
  gives<OwnAccount>()(account.change({ profile: null, added_by: nobody }), true);
  gives<void>()(account.changePassword("old", "new"), true);
  gives<void>()(account.delete("password"), true);
  gives<Blob>()(account.export(), true);
  gives<User[]>()(account.blocks(), true);
  gives<GroupOffer[]>()(account.groupOffers(), true);
  gives<void>()(account.block("bob"), true);
  gives<void>()(account.unblock("bob"), true);
  gives<Login[]>()(account.sessions(), true);
  gives<void>()(account.endSession("1"), true);
  gives<string>()(account.refresh(), true);
  gives<void>()(account.logOut(), true);

  // @ts-expect-error A token is needed.
  new Account("https://hub.test");
  // @ts-expect-error The address is not changed here.
  void account.change({ email: "alice@hub.test" });
  // @ts-expect-error There is no such rule.
  void account.change({ added_by: "everybody" });
  // @ts-expect-error The old password is needed.
  void account.changePassword("new");
}

/** What is told. */
export function events(client: Client): void {
  const signal = new AbortController().signal;
  const stop = client.on("outbox", (entry) => same<typeof entry, OutboxEntry>(true), { signal });
  same<typeof stop, () => void>(true);
  client.on("edit", ({ message }) => same<typeof message, Message>(true));
  client.on("room", ({ isGone }) => same<typeof isGone, boolean>(true));
  client.on("read", ({ user_id }) => same<typeof user_id, Id>(true));
  client.on("typing", ({ state }) => same<typeof state, "start" | "stop">(true));
  client.on("presence", ({ users }) => same<typeof users, (Presence & { id: Id })[]>(true));
  client.on("friend", ({ user, isOwn }) => void [user.name, isOwn]);
  client.on("group", ({ group, role }) => void [group.owner, role]);
  client.on("reset", ({ epoch }) => same<typeof epoch, string | null>(true));
  client.on("signedout", ({ code }) => same<typeof code, number>(true));
  client.on("error", (error) => same<typeof error, Error>(true));
  const hear = (event: ClientEvent<"typing">): void => void event.detail.room;
  client.addEventListener("typing", hear, { once: true });
  client.removeEventListener("typing", hear);

  // @ts-expect-error Of another event.
  client.removeEventListener("read", hear);
  // @ts-expect-error It tells a message, not its text.
  client.on("message", (text: string) => text);
}

/** What goes wrong. */
export function faults(): void {
  const error = new HubError("offline", "no link", null, "name_taken");
  same<typeof error.code, number | string>(true);
  same<typeof error.retryAfterMs, number | null>(true);
  same<typeof error.problem, string | null>(true);
  same<typeof error.isTemporary, boolean>(true);

  // @ts-expect-error What has happened stays so.
  error.code = 7;
  // @ts-expect-error A message is needed.
  new HubError(4000);
}

talk().catch((error: unknown) => error instanceof HubError && error.isTemporary);
