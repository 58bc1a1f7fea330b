import { html } from "../html.js";
import { Icon } from "./icon.js";

const ICON_OF = { bad: "circle-alert", warn: "triangle-alert", info: "bell" };

/**
 * Says something that stays as long as it is so.
 *
 * @param {{ kind?: "bad" | "warn" | "info", children?: any }} props
 */
export function Notice({ kind = "info", children }) {
  return html`
    <div class="notice" data-kind=${kind} role=${kind === "bad" ? "alert" : "status"}>
      <${Icon} name=${ICON_OF[kind]} size=${18} />
      <div>${children}</div>
    </div>
  `;
}

/**
 * Says that there is nothing yet, and what can be done about it.
 *
 * @param {{ icon: string, title: string, children?: any }} props
 */
export function Empty({ icon, title, children }) {
  return html`
    <div class="empty">
      <${Icon} name=${icon} />
      <h2>${title}</h2>
      ${children}
    </div>
  `;
}
