/**
 * Why the hub cannot be used now: how it is called, and how long to wait if the hub has said so.
 *
 * @typedef {"network" | "restart" | "busy" | "rate" | "token" | "replaced" | "setup" | "origin"} FaultKind
 */
export class Fault extends Error {
  /**
   * @param {FaultKind} kind
   * @param {number | null} [retryAfterMs]
   */
  constructor(kind, retryAfterMs = null) {
    super(kind);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether only the page's author or the app's owner can help. */
  get isFinal() {
    return this.kind === "setup" || this.kind === "origin";
  }

  /** What was thrown, as a fault: whatever is none is the network's. */
  static of(error) {
    return error instanceof Fault ? error : new Fault("network");
  }
}

const TO_AGAIN_MS = /^retry_after_ms=(\d+)$/;

/** The fault that the end of a socket tells of. */
export function faultOfClose(code, reason) {
  switch (code) {
    case 1012:
      return new Fault("restart", Number(TO_AGAIN_MS.exec(reason)?.[1] ?? 1_000));
    case 1013:
      return new Fault("busy");
    case 4001:
      return new Fault("replaced");
    case 4401:
      return new Fault("token");
    default:
      return new Fault("network");
  }
}

/** The fault that the code of a call tells of; `null` if it is done. */
export function faultOfCode(code) {
  switch (code) {
    case 0:
      return null;
    case 3:
    case 4:
    case 7:
      return new Fault("token");
    case 17:
      return new Fault("busy");
    case 20:
      return new Fault("origin");
    default:
      return new Fault("network");
  }
}
