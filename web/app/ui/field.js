import { useId } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { Icon } from "./icon.js";

/**
 * An input with its name, a hint, and what is wrong with it.
 *
 * @param {{ label: string, hint?: string, fault?: string | null, [more: string]: any }} props
 */
export function Field({ label, hint, fault, ...more }) {
  const id = useId();
  const about = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <input
        ...${more}
        id=${id}
        class="input"
        dir="auto"
        aria-invalid=${fault ? "true" : undefined}
        aria-describedby=${about || undefined}
      />
      ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
      ${fault && html`<p class="fault" id=${`${id}-fault`}>${fault}</p>`}
    </div>
  `;
}

/**
 * An input that narrows a list.
 *
 * @param {{ label: string, value: string, onInput: (text: string) => void, [more: string]: any }} props
 */
export function Search({ label, value, onInput, ...more }) {
  const type = (/** @type {any} */ event) => onInput(event.currentTarget.value);
  return html`
    <div class="search">
      <${Icon} name="search" size=${16} />
      <input
        ...${more}
        class="input"
        type="search"
        dir="auto"
        autocomplete="off"
        aria-label=${label}
        placeholder=${label}
        value=${value}
        onInput=${type}
      />
    </div>
  `;
}

/**
 * A choice of few.
 *
 * @param {{ label: string, value: string, options: [string, string][], onChange: (value: string) => void }} props
 */
export function Choice({ label, value, options, onChange }) {
  const id = useId();
  const change = (/** @type {any} */ event) => onChange(event.currentTarget.value);
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <select id=${id} class="input" value=${value} onChange=${change}>
        ${options.map(([option, text]) => html`<option value=${option} selected=${option === value}>${text}</option>`)}
      </select>
    </div>
  `;
}
