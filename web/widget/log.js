/** The list of what has been said. */
import { element, link, say, withLinks } from "./dom.js";
import { parsed } from "./storage.js";
import { TEXTS } from "./texts.js";

/** Who says something within so long after the last word goes on. */
const PAUSE_MS = 5 * 60_000;
/** So near to its end, the list goes on showing its end. */
const NEAR_PX = 60;
/** Of a long text, so many characters are shown. */
const TEXT_CHARS_MAX = 65_536;

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export class Log {
  #chat;
  #rows = new Map();
  #list = element("ol");
  #older = element("button", { type: "button", class: "older" }, TEXTS.older);
  #typing = element("div", { class: "typing", hidden: true }, ...[1, 2, 3].map(() => element("i")), element("span"));

  /** What scrolls. */
  node = element("div", { class: "log", role: "log", "aria-label": TEXTS.log, tabindex: 0 });

  /** @param {import("./chat.js").Chat} chat */
  constructor(chat) {
    this.#chat = chat;
    this.node.append(this.#older, this.#list, this.#typing);
    this.#older.addEventListener("click", () => void this.#loadOlder());
  }

  /** Shows what there is; stays at the end if that is where it is. */
  show() {
    const isAtEnd = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_PX;
    this.#older.hidden = !this.#chat.messages.hasOlder;
    this.#showRows();
    const [name] = this.#chat.agents.typing;
    this.#typing.hidden = name === undefined;
    say(this.#typing.lastChild, name === undefined ? "" : TEXTS.types(name));
    if (isAtEnd) {
      this.toEnd();
    }
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  async #loadOlder() {
    const below = this.node.scrollHeight - this.node.scrollTop;
    await this.#chat.loadOlder();
    this.show();
    this.node.scrollTop = this.node.scrollHeight - below;
    // The button may have gone with the focus.
    this.node.focus();
  }

  #showRows() {
    const rows = [...this.#wanted()];
    const ids = new Set(rows.map(({ id }) => id));
    for (const [id, node] of this.#rows) {
      if (!ids.has(id)) {
        node.remove();
        this.#rows.delete(id);
      }
    }
    rows.forEach(({ id, make, update }, place) => {
      const node = this.#rows.get(id) ?? make();
      this.#rows.set(id, node);
      update?.(node);
      if (this.#list.children[place] !== node) {
        this.#list.insertBefore(node, this.#list.children[place] ?? null);
      }
    });
  }

  /** The rows, in order: what the app welcomes with, days, and messages. @returns {Iterable<any>} */
  *#wanted() {
    const welcome = this.#chat.app?.welcome_message;
    if (welcome && !this.#chat.messages.hasOlder) {
      yield { id: "welcome", make: () => element("li", { class: "welcome" }, ...withLinks(welcome)) };
    }
    const all = this.#chat.messages.list;
    for (const [place, message] of all.entries()) {
      const [before, after] = [all[place - 1], all[place + 1]];
      const day = DAY.format(message.time);
      if (before === undefined || DAY.format(before.time) !== day) {
        yield { id: day, make: () => element("li", { class: "day" }, day) };
      }
      const ends = `${goesOn(before, message) ? "" : " first"}${goesOn(message, after) ? "" : " last"}`;
      const update = (node) => this.#update(node, message, ends);
      yield { id: message.id, make: () => this.#make(message), update };
    }
  }

  #make(message) {
    const author = element("span", { class: "author" }, authorOf(message));
    const body = element("div", { class: "bubble" }, ...this.#body(message));
    const note = element("span", { class: "note" });
    const again = element("button", { type: "button", class: "again" }, TEXTS.again);
    again.addEventListener("click", () => this.#chat.sendAgain(message.id));
    return element("li", {}, author, body, element("div", { class: "foot" }, note, again));
  }

  #update(node, { isMine, isApps, state, time }, ends) {
    const whose = isMine ? "mine" : isApps ? "apps" : "theirs";
    const classes = `message ${whose} ${state}${ends}`;
    if (node.className !== classes) {
      node.className = classes;
    }
    say(node.querySelector(".note"), state === "stored" ? TIME.format(time) : TEXTS[state]);
    node.querySelector(".again").hidden = state !== "failed";
  }

  #body({ kind, body }) {
    if (kind === "TEXT") {
      return withLinks(body);
    }
    const { fid, orig, name } = parsed(body) ?? {};
    const address = this.#chat.file(fid ?? orig ?? "");
    if (kind === "TXT") {
      return [this.#longText(address)];
    }
    if (name) {
      address.searchParams.set("file_name", name);
    }
    const words = { IMAGE: TEXTS.picture, AUDIO: TEXTS.sound };
    return [link(address.href, name || words[kind] || TEXTS.file)];
  }

  /** A text that was sent as a file. */
  #longText(address) {
    const node = element("span", {}, "…");
    fetch(address, { credentials: "omit" })
      .then((response) => (response.ok ? response.text() : Promise.reject()))
      .then((text) => node.replaceChildren(...withLinks(text.slice(0, TEXT_CHARS_MAX))))
      .catch(() => node.replaceChildren(link(address.href, TEXTS.file)));
    return node;
  }
}

function authorOf({ isMine, isApps, author }) {
  return isMine ? TEXTS.you : isApps ? TEXTS.app : author;
}

/** Whether a message goes on with what the one before it said. */
function goesOn(before, after) {
  const who = (message) => [message?.isMine, message?.isApps, message?.isMine || message?.author].join();
  return who(before) === who(after) && after.time - before.time < PAUSE_MS;
}
