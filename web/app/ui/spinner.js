import { html } from "../html.js";
import { t } from "../text.js";

/** Something is under way. */
export function Spinner() {
  return html`<span class="spinner" role="img" aria-label=${t("loading")}></span>`;
}
