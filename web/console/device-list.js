/**
 * Lists of devices as people type them: ['a', "b"], or a, b, or one a line. The hub reads them by the same rules
 * (src/wire/console/device_list.rs). Nothing of it is ever evaluated.
 */

/** Ids of one list. */
const ITEMS_MAX = 2_000;
const ID = /^[A-Za-z0-9._:-]{1,128}$/;
/** What stands between two items: one comma at most. */
const SEPARATOR = /^(?:\p{White_Space}*,\p{White_Space}*|\p{White_Space}+)/u;
const BARE = /^[^,\p{White_Space}]*/u;
const ENDS = /^\p{White_Space}+|\p{White_Space}+$/gu;

const trimmed = (text) => text.replace(ENDS, "");

/** The item that a text begins with, and what follows it; null for a quote without its fellow. */
function firstItem(text) {
  const quote = text[0];
  if (quote !== "'" && quote !== '"') {
    const [item] = BARE.exec(text);
    return [item, text.slice(item.length)];
  }
  const end = text.indexOf(quote, 1);
  return end < 0 ? null : [text.slice(1, end), text.slice(end + 1)];
}

/**
 * The ids of a list; null if the text is none.
 * @param {string} text
 * @returns {string[] | null}
 */
export function parseDeviceList(text) {
  let rest = trimmed(text);
  if (rest.startsWith("[")) {
    if (!rest.endsWith("]")) return null;
    rest = trimmed(rest.slice(1, -1));
  }
  const items = [];
  while (rest !== "") {
    const [item, after] = firstItem(rest) ?? ["", ""];
    if (!ID.test(item) || items.push(item) > ITEMS_MAX) return null;
    if (after === "") break;
    const [separator] = SEPARATOR.exec(after) ?? [""];
    rest = after.slice(separator.length);
    // Items that touch each other, and a comma that nothing follows.
    if (separator === "" || rest === "") return null;
  }
  return items;
}
