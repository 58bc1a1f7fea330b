/** How a client behaves, as far as a program may say so: `Options` in shapes.d.ts. */

/** @import { Feature } from "./shapes.js" */

/**
 * Everything a hub can grant beside plain REWIND.
 * @type {readonly Feature[]}
 */
export const FEATURES = Object.freeze(["sync", "presence", "typing", "read", "group"]);

const DEFAULTS = Object.freeze({
  features: FEATURES,
  storage: undefined,
  getToken: undefined,
  connectTimeoutMs: 20_000,
  heartbeatMs: 40_000,
  answerTimeoutMs: 10_000,
  retryFirstMs: 500,
  retryMaxMs: 30_000,
  busyMs: 500,
  queueMax: 1_000,
  messagesMax: 1_000,
});

/** What a program has said, and the defaults of what it has not. */
export function settings(options) {
  const { WebSocket, fetch } = globalThis;
  const all = { WebSocket, fetch: fetch?.bind(globalThis), ...DEFAULTS, ...options };
  if (all.WebSocket === undefined) {
    throw new TypeError("there is no global WebSocket: give one as an option");
  }
  return all;
}
