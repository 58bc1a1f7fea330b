/** What is said for a moment, at the foot of the page. */
import { signal } from "../../vendor/signals.js";

const SHOWN_MS = 6_000;
let count = 0;

/** @type {import("../../vendor/signals.js").Signal<{ id: number, text: string }[]>} */
export const notices = signal([]);

export function say(/** @type {string} */ text) {
  count += 1;
  const id = count;
  notices.value = [...notices.value.slice(-2), { id, text }];
  setTimeout(() => unsay(id), SHOWN_MS);
}

export function unsay(/** @type {number} */ id) {
  notices.value = notices.value.filter((one) => one.id !== id);
}
