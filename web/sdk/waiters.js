/** The promises of a client being ready, which many parts of a program may wait for. */
export class Waiters {
  #waiters = [];
  #timer;

  /** A promise that is kept or broken with all others. */
  add() {
    const promise = new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    // Who listens to events needs no promise.
    promise.catch(() => {});
    return promise;
  }

  /** Breaks all promises after a time, with what `errorOf` gives then. */
  giveUpAfter(ms, errorOf) {
    this.goOn();
    this.#timer = setTimeout(() => this.reject(errorOf()), ms);
  }

  /** Takes `giveUpAfter` back. */
  goOn() {
    clearTimeout(this.#timer);
  }

  resolve(value) {
    this.#waiters.splice(0).forEach(({ resolve }) => resolve(value));
  }

  reject(error) {
    this.#waiters.splice(0).forEach(({ reject }) => reject(error));
  }
}
