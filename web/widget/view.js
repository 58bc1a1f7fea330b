/**
 * The widget in the page: an element with a shadow root, in which there is a launcher and the panel. Styles are a
 * sheet that scripts may always make, so that the page's policy need not allow any.
 */
import { element, icon, say } from "./dom.js";
import { Panel } from "./panel.js";
import { sheets } from "./style.js";
import { TEXTS } from "./texts.js";

const COUNT_MAX = 99;
const IS_OPEN = "open";
/** As narrow as this, the panel takes the whole screen. */
const PHONE = "(max-width: 480px)";

export class View {
  #chat;
  #host = document.createElement("tradewind-chat");
  #badge = element("span", { class: "badge", "aria-hidden": "true", hidden: true });
  #launcher = element("button", { type: "button", class: "launcher", "aria-haspopup": "dialog" });
  #status = element("p", { class: "unseen", role: "status" });
  #panel;

  /**
   * @param {import("./chat.js").Chat} chat
   * @param {import("./options.js").Options} options
   */
  constructor(chat, options) {
    this.#chat = chat;
    this.#panel = new Panel(chat, options, () => this.#close());
    this.#launcher.append(icon("chat"), icon("close"), this.#badge);
    this.#launcher.addEventListener("click", () => (this.#isOpen ? this.#close() : this.#openByHand()));
    const root = this.#host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = sheets(options);
    const all = element("div", { class: "root" }, this.#panel.node, this.#status, this.#launcher);
    root.append(all);
    // The page need not hear what is typed here: it may have keys of its own.
    ["keydown", "keypress", "keyup"].forEach((type) => all.addEventListener(type, (event) => event.stopPropagation()));
    all.addEventListener("keydown", (event) => this.#key(event));
    chat.onChange = () => this.#show();
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** Puts it into the page; who has chatted before is connected, and sees what was open in this tab. */
  mount(body) {
    this.#host.lang = "en";
    body.append(this.#host);
    this.#show();
    if (this.#chat.storage.own(IS_OPEN) === true && !matchMedia(PHONE).matches) {
      this.#open();
    } else if (this.#chat.isKnown) {
      this.#chat.start();
    }
  }

  #openByHand() {
    this.#open();
    this.#panel.focus();
  }

  #open() {
    this.#chat.start();
    this.#panel.open(matchMedia(PHONE).matches);
    this.#keep();
  }

  #close() {
    this.#panel.close();
    this.#keep();
    this.#launcher.focus();
  }

  #key(event) {
    if (event.key === "Escape" && this.#isOpen && !event.isComposing) {
      event.preventDefault();
      this.#close();
    }
  }

  get #isOpen() {
    return this.#panel.node.open;
  }

  #keep() {
    this.#chat.storage.keep(IS_OPEN, this.#isOpen);
    this.#look();
  }

  #look() {
    this.#chat.isSeen = this.#isOpen && document.visibilityState === "visible";
  }

  #show() {
    const { count } = this.#chat.unread;
    this.#badge.hidden = count === 0;
    say(this.#badge, count > COUNT_MAX ? `${COUNT_MAX}+` : `${count}`);
    say(this.#status, count === 0 || this.#isOpen ? "" : TEXTS.unread(count));
    const label = this.#isOpen ? TEXTS.close : TEXTS.open;
    const spoken = count === 0 ? label : `${label}, ${TEXTS.unread(count)}`;
    this.#launcher.setAttribute("aria-label", spoken);
    this.#launcher.setAttribute("aria-expanded", `${this.#isOpen}`);
    if (this.#isOpen) {
      this.#panel.show();
    }
  }
}
