/** How long to wait before the next try to connect: longer each time, and by chance, so that not all come at once. */
const FIRST_MS = 1_000;
const MAX_MS = 30_000;
const BUSY_MS = 10_000;

export class Pause {
  #end = () => {};

  constructor() {
    addEventListener("online", () => this.end());
  }

  /** Ends a pause, if there is one. */
  end() {
    this.#end();
  }

  /**
   * Waits as a fault asks for.
   *
   * @param {import("./fault.js").Fault} fault
   * @param {number} failures How many tries have failed before in a row.
   */
  async after(fault, failures) {
    if (fault.kind === "replaced" && document.visibilityState === "hidden") {
      // Two tabs that nobody looks at need not fight.
      await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
      return;
    }
    if (failures === 0 && (fault.kind === "token" || fault.kind === "replaced")) {
      return;
    }
    await new Promise((resolve) => {
      this.#end = () => resolve();
      if (!fault.isFinal) {
        setTimeout(resolve, waitMs(fault, failures));
      }
    });
    this.#end = () => {};
  }
}

function waitMs({ kind, retryAfterMs }, failures) {
  if (retryAfterMs !== null) {
    return retryAfterMs;
  }
  const first = kind === "busy" || kind === "rate" ? BUSY_MS : FIRST_MS;
  return Math.min(first * 2 ** failures, MAX_MS) * (0.5 + Math.random() / 2);
}
