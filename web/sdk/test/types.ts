/** Not run, only compiled: what users of the types rely on. */
import { Client, HubError, Room, isGroup, login, toDate, xor } from "@tradewind/sdk";
import type { ClientEvents, Message, Options, PendingMessage, Storage } from "@tradewind/sdk";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_isSo: Equal<A, B>): void => {};

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
  retryMaxMs: 1,
};

export const ofBrowsers: Options = { WebSocket: globalThis.WebSocket };

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

talk().catch((error: unknown) => error instanceof HubError && error.isTemporary);
