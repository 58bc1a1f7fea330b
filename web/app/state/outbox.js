/**
 * Keeps what waits to be sent over the end of a tab. Each tab has a place of its own, and one that begins takes up what
 * all have left: a message has a name under which the hub stores it once, whoever sends it.
 */
import { keep, keysOf, stored } from "./storage.js";

/** @returns {import("../../sdk/tradewind.js").Storage} */
export function outboxOf(/** @type {string} */ user) {
  const prefix = `outbox.${user}.`;
  const own = prefix + Math.random().toString(36).slice(2);
  return {
    load() {
      const keys = keysOf(prefix);
      const all = keys.flatMap((key) => parsed(stored(key)));
      keys.forEach((key) => keep(key, null));
      const named = new Map(all.map((message) => [message.nonce, message]));
      keep(own, named.size === 0 ? null : JSON.stringify([...named.values()]));
      return [...named.values()];
    },
    save(messages) {
      keep(own, messages.length === 0 ? null : JSON.stringify(messages));
    },
  };
}

function parsed(/** @type {string | null} */ text) {
  try {
    const list = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
