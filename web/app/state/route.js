/** Where in the page one is: the part of the address behind `#`. */
import { signal } from "../../vendor/signals.js";

/** @typedef {{ name: string, id: string | null, part: string | null }} Route */

/** @returns {Route} */
function read() {
  const [name = "", id, part] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { name: name || entrance(), id: id ?? null, part: part ?? null };
}

/** `/login` and `/register` are addresses of their own. */
function entrance() {
  return ["login", "register"].find((name) => location.pathname === `/${name}`) ?? "";
}

export const route = signal(read());

addEventListener("hashchange", () => (route.value = read()));

/** The address of a place. */
export function to(/** @type {string[]} */ ...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Goes there. */
export function go(/** @type {string[]} */ ...parts) {
  location.hash = to(...parts);
}
