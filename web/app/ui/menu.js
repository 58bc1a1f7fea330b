import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";

/** @typedef {{ text: string, icon: string, kind?: "danger", act: () => void }} MenuItem */

/**
 * A button with a list of what can be done. Arrows move in it, Escape closes it.
 *
 * @param {{ name: string, icon?: string, items: MenuItem[] }} props
 */
export function Menu({ name, icon = "ellipsis", items }) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (isOpen) {
      const outside = (/** @type {Event} */ event) => {
        root.current?.contains(/** @type {Node} */ (event.target)) || setOpen(false);
      };
      addEventListener("pointerdown", outside);
      itemsOf(root.current)[0]?.focus();
      return () => removeEventListener("pointerdown", outside);
    }
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (isOpen && event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (isOpen && event.key === "Tab") {
      setOpen(false);
    } else if (isOpen && move(root.current, event.key)) {
      event.preventDefault();
    }
  };
  const choose = (/** @type {MenuItem} */ item) => {
    close();
    item.act();
  };
  return html`
    <div class="menu" ref=${root} onKeyDown=${onKeyDown}>
      <${IconButton}
        icon=${icon}
        name=${name}
        aria-haspopup="menu"
        aria-expanded=${isOpen ? "true" : "false"}
        onClick=${() => setOpen(!isOpen)}
      />
      ${
        isOpen &&
        html`
        <div role="menu" aria-label=${name}>
          ${items.map(
            (item) => html`
              <button type="button" role="menuitem" tabindex="-1" data-kind=${item.kind} onClick=${() => choose(item)}>
                <${Icon} name=${item.icon} size=${18} />${item.text}
              </button>
            `,
          )}
        </div>
      `
      }
    </div>
  `;
}

/** @returns {HTMLElement[]} */
function itemsOf(/** @type {HTMLElement | null} */ root) {
  return [...(root?.querySelectorAll("[role=menuitem]") ?? [])].map((item) => /** @type {HTMLElement} */ (item));
}

/** Moves the focus; tells whether the key does. */
function move(/** @type {HTMLElement | null} */ root, /** @type {string} */ key) {
  const all = itemsOf(root);
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[key];
  if (next === undefined) {
    return false;
  }
  all[next % all.length]?.focus();
  return true;
}
