/** The panel: who is there, what has been said, and where to write. */
import { element, icon, say } from "./dom.js";
import { Log } from "./log.js";
import { FAULTS, HINTS, TEXTS } from "./texts.js";

/** As much as the hub takes of a text, whatever its characters. */
const CHARS_MAX = 20_000;

export class Panel {
  #chat;
  #title;
  #isHinted = false;
  #log;
  #heading = element("h2", { id: "title" });
  #presence = element("p", { class: "presence", role: "status" });
  #close = element("button", { type: "button", class: "close", "aria-label": TEXTS.close }, icon("close"));
  #notice = element("p", { role: "status" });
  #again = element("button", { type: "button" }, TEXTS.again);
  #strip = element("div", { class: "strip" }, this.#notice, this.#again);
  #text = element("textarea", {
    id: "text",
    rows: 1,
    maxlength: CHARS_MAX,
    placeholder: TEXTS.placeholder,
    enterkeyhint: "send",
    "aria-label": TEXTS.write,
  });
  #send = element("button", { class: "send", "aria-label": TEXTS.send, disabled: true }, icon("send"));
  #form = element("form", {}, this.#text, this.#send);

  /** The dialog; the page behind a whole screen of it is out of reach. */
  node = element("dialog", { class: "panel", "aria-labelledby": "title" });

  /**
   * @param {import("./chat.js").Chat} chat
   * @param {import("./options.js").Options} options
   * @param {() => void} close Is called when the visitor wants it closed.
   */
  constructor(chat, { title }, close) {
    this.#chat = chat;
    this.#title = title;
    this.#log = new Log(chat);
    const names = element("div", {}, this.#heading, this.#presence);
    this.node.append(element("header", {}, names, this.#close), this.#strip, this.#log.node, this.#form);
    this.#listen(close);
    this.show();
  }

  /** Opens it, over the whole screen or beside the page. */
  open(isWhole) {
    if (isWhole) {
      this.node.showModal();
    } else {
      // Not `show`, which would take the focus.
      this.node.open = true;
    }
    this.show();
    this.#log.toEnd();
  }

  focus() {
    this.#text.focus();
  }

  close() {
    this.node.close();
  }

  /** Shows what there is. */
  show() {
    const { app, state, agents, fault } = this.#chat;
    say(this.#heading, this.#title ?? app?.app_name ?? TEXTS.title);
    const isOnline = state === "online";
    this.node.classList.toggle("here", isOnline && agents.here.length > 0);
    say(this.#presence, isOnline ? presenceOf(agents.here) : fault?.isFinal ? TEXTS.away : TEXTS.connecting);
    say(this.#notice, this.#noticeOf(isOnline));
    this.#strip.hidden = this.#notice.textContent === "";
    this.#again.hidden = state !== "offline";
    this.#log.show();
  }

  #noticeOf(isOnline) {
    const { fault, app, agents, conversation } = this.#chat;
    if (fault !== null) {
      this.#hint(fault);
      return FAULTS[fault.kind];
    }
    if (!isOnline || agents.here.length > 0) {
      return "";
    }
    // Who is told it as a message when he writes, need not be told it before.
    const isSent = app.return_offline_message && conversation !== null;
    return (!isSent && app.offline_message) || TEXTS.nobody;
  }

  /** Tells the page's author what only he can change, once. */
  #hint({ kind, isFinal }) {
    if (isFinal && !this.#isHinted) {
      this.#isHinted = true;
      console.warn(`Tradewind chat: ${HINTS[kind]}`);
    }
  }

  #listen(close) {
    this.#close.addEventListener("click", close);
    this.#again.addEventListener("click", () => this.#chat.tryAgain());
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => {
      this.#fit();
      this.#chat.type();
    });
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    }
  }

  /** What can be done with what is written, and room for it where the browser does not see to that. */
  #fit() {
    this.#send.disabled = this.#text.value.trim() === "";
    this.#text.rows = this.#text.value.split("\n").length;
  }

  #submit() {
    const text = this.#text.value.trim();
    if (text !== "") {
      this.#text.value = "";
      this.#fit();
      this.#chat.send(text);
      this.#log.show();
      this.#log.toEnd();
    }
    this.#text.focus();
  }
}

/** Who of the agents is there, in words. @param {string[]} names */
function presenceOf(names) {
  const [name, ...others] = names;
  if (name === undefined) {
    return TEXTS.away;
  }
  return others.length === 0 ? TEXTS.isHere(name) : TEXTS.areHere(name, others.length);
}
