/** How the reader wants the page to be. */
import { effect, signal } from "../../vendor/signals.js";
import { keep, onChange, stored } from "./storage.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {import("../../vendor/signals.js").Signal<Theme>} */
export const theme = signal(themeOf(stored("theme")));

/** Whether to show notifications of the browser, and to count in the title. */
export const isNotifying = signal(stored("notify") === "yes");

function themeOf(/** @type {string | null} */ text) {
  return text === "light" || text === "dark" ? text : "system";
}

/** Applies what is chosen, now and whenever it changes, here or in another tab. */
export function applyPreferences() {
  effect(() => {
    if (theme.value === "system") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme.value;
    }
    keep("theme", theme.value);
  });
  effect(() => keep("notify", isNotifying.value ? "yes" : "no"));
  onChange("theme", (text) => (theme.value = themeOf(text)));
  onChange("notify", (text) => (isNotifying.value = text === "yes"));
}
