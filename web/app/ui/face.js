import { html } from "../html.js";
import { t } from "../text.js";

const HUES = 8;

/** One of the hues, always the same for the same id. */
function hueOf(/** @type {string} */ id) {
  let sum = 0;
  for (const digit of id) {
    sum = (sum * 31 + digit.charCodeAt(0)) % 9973;
  }
  return sum % HUES;
}

/** The first letter that is seen, of any script. */
function initial(/** @type {string} */ name) {
  return [...name.trim()][0]?.toLocaleUpperCase() ?? "";
}

/**
 * Stands for a user or a group; what it is called is written beside it. Of friends, a dot says whether they are there.
 *
 * @param {{ id: string, name: string | null, kind?: "user" | "group", size?: "small" | "large",
 *   status?: "online" | "away" | "offline" | null }} props
 */
export function Face({ id, name, kind = "user", size, status = null }) {
  return html`
    <span class="face" data-hue=${hueOf(id)} data-kind=${kind} data-size=${size}>
      <span aria-hidden="true">${initial(name ?? "")}</span>
      ${status && html`<span class="dot" data-status=${status} role="img" aria-label=${t(`presence.${status}`)}></span>`}
    </span>
  `;
}
