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
  // Another token of the same user is only a newer one.
  if (text === null ? token.peek() !== null : userOf(text) !== userOf(token.peek() ?? "")) {
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

/** What a token says; it is the hub that believes it. */
function claimsOf(/** @type {string} */ issued) {
  try {
    return JSON.parse(atob(issued.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return {};
  }
}

/** The id of the user that a token speaks for, so that what waits to be sent is kept apart for each. */
export function userOf(/** @type {string} */ issued) {
  return String(claimsOf(issued).id ?? "unknown");
}

/** Whether a token has lived a half of its time: whoever uses the page stays logged in by another. */
export function isOld(/** @type {string} */ issued) {
  const { iat, exp } = claimsOf(issued);
  return Date.now() / 1_000 > (iat + exp) / 2;
}

/** Keeps a newer token of the log-in, for the next time. */
export function renew(/** @type {string} */ issued) {
  keep(KEY, issued);
}
