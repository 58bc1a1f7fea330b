/** The chat of a visitor with an app's agents: what is known of it, and what can be done. */
import { Agents } from "./agents.js";
import { Api } from "./api.js";
import { Fault } from "./fault.js";
import { Link } from "./link.js";
import { Messages } from "./messages.js";
import { Pause } from "./pause.js";
import { Slot } from "./slot.js";
import { Storage } from "./storage.js";
import { loadNewer, loadOlder, loadUnread } from "./sync.js";
import { Unread } from "./unread.js";
import { Visitor } from "./visitor.js";

/** How often a visitor asks who waits for the app's first agent. */
const WAIT_MS = 10_000;
/** Who types says so once in so long. */
const TYPING_MS = 3_000;
/** Of the page, agents see its title and address, cut to so many characters. */
const PAGE_CHARS_MAX = 1_000;

export class Chat {
  #api;
  #visitor;
  #slot;
  #pause = new Pause();
  #link = null;
  /** How many tries to connect have failed in a row. */
  #failures = 0;
  /** What has been sent over this link. */
  #sent = new Set();
  #isStarted = false;
  #isSeen = false;
  #typedAt = 0;
  #isTold = false;

  /** Where it keeps what is to outlive the page. */
  storage;
  messages;
  agents = new Agents(() => this.#changed());
  unread;
  /** What the app's owner has set; `null` until the hub has said it. */
  app = null;
  /** The uuid of the conversation; `null` until there is one. */
  conversation = null;
  /** @type {"idle" | "connecting" | "online" | "offline"} */
  state = "idle";
  /** Why it is offline. @type {Fault | null} */
  fault = null;
  /** Is called after each change. */
  onChange = () => {};

  /** @param {import("./options.js").Options} options */
  constructor(options) {
    this.storage = new Storage(options.app);
    this.#api = new Api(options);
    this.#visitor = new Visitor(this.#api, this.storage);
    this.#slot = new Slot(this.storage, `tradewind-chat ${options.app}`);
    this.messages = new Messages(this.storage);
    this.unread = new Unread(this.storage, () => this.#changed());
  }

  /** Whether this browser has chatted before. */
  get isKnown() {
    return this.#visitor.isKnown;
  }

  /** Connects, and stays connected. */
  start() {
    if (!this.#isStarted) {
      this.#isStarted = true;
      void this.#run();
    }
  }

  /** Tries to connect now, if it waits to. */
  tryAgain() {
    this.#pause.end();
  }

  /** The visitor writes something. */
  send(text) {
    this.messages.write(text);
    this.#typedAt = 0;
    this.#flush();
  }

  /** What the hub has not taken is sent once more. */
  sendAgain(id) {
    this.messages.sendAgain(id);
    this.#sent.delete(id);
    this.#flush();
  }

  /** The visitor types. */
  type() {
    if (Date.now() - this.#typedAt >= TYPING_MS) {
      this.#typedAt = Date.now();
      this.#link?.send({ type: "typing" });
    }
  }

  /** Whether the visitor sees the messages. */
  set isSeen(isSeen) {
    this.#isSeen = isSeen;
    this.#changed();
    if (isSeen) {
      void this.#lookForAgents();
    }
  }

  /** Loads what was said before. */
  async loadOlder() {
    await loadOlder(this.#visitor, this.conversation, this.messages).catch(noted);
    this.#changed();
  }

  /** The address of a file that somebody has sent. */
  file(id) {
    return this.#api.file(id);
  }

  async #run() {
    for (;;) {
      this.#become("connecting", this.fault);
      const fault = await this.#connection().then(() => new Fault("network"), noted);
      this.#become("offline", fault);
      if (fault.kind === "token") {
        this.#visitor.forgetToken();
      } else if (fault.kind === "replaced") {
        this.#slot.leave();
      }
      await this.#pause.after(fault, this.#failures);
      this.#failures += 1;
    }
  }

  /** Is connected until there is a fault, which it throws. */
  async #connection() {
    await this.#visitor.enter();
    this.app = await this.#visitor.app();
    const device = await this.#visitor.device(await this.#slot.name());
    const link = new Link(this.#api.socket, this.#auth(device), (frame) => this.#heard(frame));
    try {
      await link.isOpen;
      this.#link = link;
      this.#sent.clear();
      await Promise.race([link.isOver, this.#catchUp(link, device)]);
      this.#failures = 0;
      await link.isOver;
    } finally {
      this.#link = null;
      this.messages.isWhole = false;
      link.close();
    }
  }

  #auth(device) {
    const cut = (text) => text.slice(0, PAGE_CHARS_MAX);
    // What stands behind the path is nobody's business: it may be a secret.
    const location = { href: cut(globalThis.location.origin + globalThis.location.pathname) };
    return {
      api_token: this.#visitor.token,
      app_uuid: this.app.app_uuid,
      user_uuid: this.#visitor.user,
      device_uuid: device,
      is_service_user: false,
      extra_data: { title: cut(document.title), location },
    };
  }

  async #catchUp(link, device) {
    for (;;) {
      const found = await this.#visitor.call("PPCOM_GET_DEFAULT_CONVERSATION", { device_uuid: device });
      if (link !== this.#link) {
        return;
      }
      this.#become("online");
      if (found.uuid !== undefined) {
        this.#enter(found);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
    await loadNewer(this.#visitor, this.conversation, this.messages);
    if (link === this.#link) {
      this.messages.isWhole = true;
      this.#flush();
      await loadUnread(this.#visitor, (msg) => this.#told(msg));
    }
  }

  /** Who is there by another dialect is not told of, but can be asked for. */
  async #lookForAgents() {
    const asked = { conversation_uuid: this.conversation };
    if (this.messages.isWhole) {
      const told = ({ list }) => this.agents.set(list);
      await this.#visitor.call("PP_GET_CONVERSATION_USER_LIST", asked).then(told).catch(noted);
      this.#changed();
    }
  }

  #enter({ uuid, user_list: agents }) {
    if (this.conversation !== uuid) {
      this.messages.clear();
      this.conversation = uuid;
    }
    this.agents.set(agents);
    this.#link?.send({ type: "typing_watch", conversation_uuid: uuid });
    this.#changed();
  }

  #heard(frame) {
    if (frame.type === "MSG") {
      this.#told(frame.msg);
      if (this.agents.isAway(frame.msg.fi)) {
        void this.#lookForAgents();
      }
    } else if (frame.type === "ONLINE") {
      this.agents.heardOnline(frame);
    } else if (frame.type === "TYPING") {
      this.agents.heardTyping(frame);
    } else if (frame.what === "SEND") {
      this.#answered(frame);
    }
  }

  #told(msg) {
    if (msg.ci !== this.conversation) {
      return;
    }
    this.messages.add(msg, this.#visitor.user);
    if (msg.pid && msg.fi !== this.#visitor.user) {
      this.unread.add(msg);
      this.agents.stopsTyping(msg.fi);
    }
    this.#changed();
  }

  #answered({ code, extra }) {
    if (code === 0) {
      this.messages.acknowledge(extra.uuid);
      void this.#loadOrder();
    } else {
      this.messages.refuse(extra.uuid);
    }
    this.#changed();
  }

  /** Where the visitor's own messages stand among the others is known to the history alone. */
  async #loadOrder() {
    if (this.messages.isWhole && this.messages.waiting.length === 0) {
      await loadNewer(this.#visitor, this.conversation, this.messages).catch(noted);
      this.#changed();
    }
  }

  /** Sends what waits; over another link once more, under the same names. */
  #flush() {
    const isDue = ({ id }) => this.messages.isWhole && !this.#sent.has(id);
    for (const { id, body } of this.messages.waiting.filter(isDue)) {
      this.#sent.add(id);
      this.#link?.send(this.#frameOf(id, body));
    }
    this.#changed();
  }

  #frameOf(uuid, body) {
    const conversation = this.conversation;
    const to = { conversation_uuid: conversation, to_uuid: conversation, to_type: "DU" };
    const from = { from_uuid: this.#visitor.user, from_type: "DU" };
    const what = { message_type: "NOTI", message_subtype: "TEXT", message_body: body };
    return { type: "send", send: { uuid, ...to, ...from, ...what } };
  }

  #become(state, fault = null) {
    this.state = state;
    this.fault = fault;
    this.#changed();
  }

  /** Tells of changes once, when all that happens at once has happened. */
  #changed() {
    if (this.#isTold) {
      return;
    }
    this.#isTold = true;
    queueMicrotask(() => {
      this.#isTold = false;
      if (this.#isSeen) {
        this.unread.read();
        this.unread.tell(this.#visitor).catch(noted);
      }
      this.onChange();
    });
  }
}

/** What was thrown, as a fault; faults of ours are to be seen, too. */
function noted(error) {
  if (!(error instanceof Fault)) {
    console.debug("Tradewind chat:", error);
  }
  return Fault.of(error);
}
