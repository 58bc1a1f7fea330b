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
 * Why something was not done. `code` is the hub's (docs/errors.md), an HTTP status, or one of the
 * SDK's own words:
 *
 * - "offline": there is no link; the hub may or may not have done it
 * - "unanswered": the hub has passed over it
 * - "full": too much waits to be sent
 * - "signedout", "closed": the client is not connected any more
 * - "unreachable": nothing answers at the address, or no hub in time
 * - "nohub": something answers at the address, but it is no hub
 * - "origin": the hub does not take pages of this origin
 * - "nosocket": the hub answers, but its socket does not open
 *
 * `problem` is the code of a problem of the HTTP API, such as "name_taken". `retryAfterMs` says
 * when to try again, if the hub has said so.
 */
export class HubError extends Error {
  constructor(code, message, retryAfterMs = null, problem = null) {
    super(message);
    this.name = "HubError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.problem = problem;
  }

  /** Whether the hub only asks to try again later. */
  get isTemporary() {
    return this.code === RATE_LIMITED || this.code === BUSY;
  }
}

export const offline = () => new HubError("offline", "there is no link to the hub");

export function errorOf({ code, reason, retry_after_ms: retryAfterMs = null }) {
  return new HubError(code, reason, retryAfterMs);
}
