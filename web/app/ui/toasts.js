import { html } from "../html.js";
import { notices, unsay } from "../state/notices.js";
import { t } from "../text.js";
import { IconButton } from "./button.js";

/** What is said for a moment. */
export function Toasts() {
  return html`
    <div class="toasts" role="status">
      ${notices.value.map(
        ({ id, text }) => html`
          <div class="toast" key=${id}>
            <span>${text}</span>
            <${IconButton} icon="x" size="small" name=${t("dismiss")} onClick=${() => unsay(id)} />
          </div>
        `,
      )}
    </div>
  `;
}
