/** Whether somebody is logged in, in all tabs of this browser alike. */
import { signal } from "../../vendor/signals.js";
import { login } from "../../sdk/tradewind.js";
import { keep, onChange, stored } from "./storage.js";

const KEY = "token";

/** The address of the hub that has served the page. */
export const HUB = location.origin;

/** The token of the log-in. */
export const token = signal(stored(KEY));

/** Why one is not logged in any more, to be said where one logs in. */
/** @type {import("../../vendor/signals.js").Signal<"ended" | "replaced" | null>} */
export const farewell = signal(null);

onChange(KEY, (text) => {
  if (text !== token.peek()) {
    farewell.value = text === null ? "ended" : null;
    token.value = text;
  }
});

/** Logs in, and stays so. */
export async function enter(/** @type {{ email: string, password: string }} */ account) {
  const issued = await login(HUB, account);
  farewell.value = null;
  keep(KEY, issued);
  token.value = issued;
}

/** Forgets the log-in, in all tabs. */
export function leave(/** @type {"ended" | "replaced" | null} */ why = null) {
  farewell.value = why;
  keep(KEY, null);
  token.value = null;
}

/** The id of the user that a token speaks for, so that what waits to be sent is kept apart for each. */
export function userOf(/** @type {string} */ issued) {
  try {
    const claims = issued.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return String(JSON.parse(atob(claims)).id);
  } catch {
    return "unknown";
  }
}
