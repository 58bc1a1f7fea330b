/** The texts of the page, in the language of its reader. */
import { signal } from "../vendor/signals.js";
import { stored, keep } from "./state/storage.js";
import english from "./texts/en.js";
import { LANGUAGES } from "./texts/languages.js";

/** @typedef {keyof typeof english} TextKey */
/** @typedef {string | { one?: string, other: string }} Text A text, or its forms by the number `n` in it. */
/** @typedef {Partial<Record<TextKey, Text>>} Texts */

const KEY = "language";

/** @type {Texts} */
let texts = english;
let plurals = new Intl.PluralRules("en");

/** The language that is spoken: whoever reads it is drawn anew when it changes. */
export const language = signal("en");

/** Begins to speak what the reader has chosen, or else what his browser prefers. */
export async function speakAsWished() {
  const wished = [stored(KEY), ...navigator.languages.map((tag) => tag.split("-")[0])];
  await speak(wished.find((one) => one !== null && one in LANGUAGES) ?? "en");
}

/** Speaks another language from now on, and remembers that it was chosen. */
export async function choose(/** @type {string} */ chosen) {
  keep(KEY, chosen);
  await speak(chosen);
}

async function speak(/** @type {string} */ chosen) {
  texts = chosen === "en" ? english : (await import(`./texts/${chosen}.js`)).default;
  plurals = new Intl.PluralRules(chosen);
  document.documentElement.lang = chosen;
  language.value = chosen;
}

/**
 * A text, with values in the place of `{names}`. What people have written is set apart, so that names from right to
 * left leave the sentence in order.
 *
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  void language.value;
  const text = texts[key] ?? english[key];
  const form = typeof text === "string" ? text : formOf(text, Number(values.n));
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? value.toLocaleString(language.value) : `\u2068${value}\u2069`;
  });
}

/** @param {{ one?: string, other: string }} forms */
function formOf(forms, n) {
  return (plurals.select(n) === "one" ? forms.one : undefined) ?? forms.other;
}
