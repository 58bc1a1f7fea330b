/**
 * A chat widget for pages of any origin. It speaks customer chat (docs/protocol/ppcom.md) and needs nothing of the
 * page but the line that embeds it.
 *
 * How to read it: `Chat` is what is known and what can be done; it connects again and again (`chat.js`), as a
 * `Visitor` who calls the hub (`visitor.js`, `api.js`), at a device of this tab (`slot.js`), over one `Link` after
 * another (`link.js`), and brings `Messages`, `Agents` and `Unread` up to date (`sync.js`). `View` shows it: a
 * launcher and a `Panel` with a `Log` in it. Nothing of the page's styles or scripts is touched.
 */
import { Chat } from "./chat.js";
import { optionsOf } from "./options.js";
import { View } from "./view.js";

/**
 * Starts the widget that a script element asks for; once a page.
 *
 * @param {HTMLScriptElement} script
 */
export function start(script) {
  const options = optionsOf(script);
  if (options === null || document.querySelector("tradewind-chat") !== null) {
    return;
  }
  const show = () => new View(new Chat(options), options).mount(document.body);
  if (document.body === null) {
    document.addEventListener("DOMContentLoaded", show, { once: true });
  } else {
    show();
  }
}
