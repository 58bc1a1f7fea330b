import { html } from "../html.js";
import { Icon } from "./icon.js";
import { Spinner } from "./spinner.js";

/**
 * A button. While it is busy, or may not be pressed, it stays where it is for whoever moves by keyboard.
 *
 * @param {{ kind?: "primary" | "danger" | "plain", size?: "small", icon?: string, isBusy?: boolean, isOff?: boolean,
 *   onClick?: (event: Event) => void, children?: any, type?: string, [more: string]: any }} props
 */
export function Button({ kind, size, icon, isBusy, isOff, onClick, children, type = "button", ...more }) {
  const isDead = isBusy === true || isOff === true;
  const press = (/** @type {Event} */ event) => (isDead ? event.preventDefault() : onClick?.(event));
  return html`
    <button
      ...${more}
      type=${type}
      class="button"
      data-kind=${kind}
      data-size=${size}
      aria-disabled=${isDead ? "true" : undefined}
      onClick=${press}
    >
      ${isBusy ? html`<${Spinner} />` : icon && html`<${Icon} name=${icon} size=${18} />`}
      <span>${children}</span>
    </button>
  `;
}

/**
 * A button that is an icon; its name is read, and shown to a mouse.
 *
 * @param {{ icon: string, name: string, kind?: "primary", size?: "small", extra?: string, isOff?: boolean,
 *   onClick?: (event: Event) => void, type?: string, [more: string]: any }} props
 */
export function IconButton({ icon, name, kind, size, extra = "", isOff, onClick, type = "button", ...more }) {
  const press = (/** @type {Event} */ event) => (isOff ? event.preventDefault() : onClick?.(event));
  return html`
    <button
      ...${more}
      type=${type}
      class=${`icon-button ${extra}`}
      data-kind=${kind}
      data-size=${size}
      aria-label=${name}
      title=${name}
      aria-disabled=${isOff ? "true" : undefined}
      onClick=${press}
    >
      <${Icon} name=${icon} size=${size === "small" ? 16 : 20} />
    </button>
  `;
}
