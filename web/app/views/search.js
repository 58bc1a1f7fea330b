/** Whether a name has what was searched for in it, whatever the case and form of its letters. */
export function contains(/** @type {string | null} */ name, /** @type {string} */ query) {
  const folded = (/** @type {string} */ text) => text.normalize("NFKC").toLocaleLowerCase();
  return folded(name ?? "").includes(folded(query.trim()));
}
