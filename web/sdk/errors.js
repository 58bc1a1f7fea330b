/** What can go wrong, and the codes by which it is told. */

export const CLOSED_BY_US = 1000;
export const LINK_LOST = 1006;
export const OVERLOAD = 1013;
export const REPLACED = 4001;
export const SIGNED_OUT = 4010;
export const INVALID = 4000;
const RATE_LIMITED = 4008;
const BUSY = 4009;

/**
 * Why something was not done. `code` is a number of the hub's (docs/errors.md), an HTTP status of
 * what goes by HTTP, or a word of the SDK's own:
 *
 * - `offline`: there is no link, or it broke; in this case the hub may or may not have done it
 * - `unanswered`: the hub has passed over it
 * - `full`: too much waits to be sent
 * - `signedout`, `closed`: the client is not connected any more
 * - `unreachable`: nothing answers at the address, or no hub in time
 * - `nohub`: something answers at the address, but it is no hub
 * - `origin`: the hub does not take pages of this origin
 * - `nosocket`: the hub answers, but its socket does not open
 * - `discarded`, `unknown`: the message was thrown away; no message of that name was refused
 */
export class HubError extends Error {
  /** @type {number | string} */
  code;
  /**
   * When to try again, if the hub has said so.
   * @type {number | null}
   */
  retryAfterMs;
  /**
   * The code of a problem of the HTTP API, such as `name_taken`.
   * @type {string | null}
   */
  problem;

  /**
   * @param {number | string} code
   * @param {string} message
   * @param {number | null} [retryAfterMs]
   * @param {string | null} [problem]
   */
  constructor(code, message, retryAfterMs = null, problem = null) {
    super(message);
    this.name = "HubError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.problem = problem;
  }

  /**
   * Whether the hub only asks to try again later.
   * @returns {boolean}
   */
  get isTemporary() {
    return this.code === RATE_LIMITED || this.code === BUSY;
  }
}

export const offline = () => new HubError("offline", "there is no link to the hub");

export function errorOf({ code, reason, retry_after_ms: retryAfterMs = null }) {
  return new HubError(code, reason, retryAfterMs);
}
