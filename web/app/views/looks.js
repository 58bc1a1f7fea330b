/** Language and colours, for whoever is there, logged in or not. */
import { html } from "../html.js";
import { theme } from "../state/preferences.js";
import { LANGUAGES } from "../texts/languages.js";
import { choose, language, t } from "../text.js";
import { Choice } from "../ui/field.js";

export function Looks() {
  const themes = ["system", "light", "dark"].map((one) => [one, t(/** @type {any} */ (`theme.${one}`))]);
  return html`
    <div class="looks">
      <${Choice} label=${t("language")} value=${language.value} options=${Object.entries(LANGUAGES)} onChange=${choose} />
      <${Choice}
        label=${t("theme")}
        value=${theme.value}
        options=${themes}
        onChange=${(/** @type {any} */ chosen) => (theme.value = chosen)}
      />
    </div>
  `;
}
