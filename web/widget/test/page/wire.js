/** A way to the hub that can go dead without a word, as that of a phone does. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Wire {
  #sockets = new Set();
  #server;
  #isDead = false;

  /** A wire to a hub, on an address of its own. */
  static async lay(hub) {
    const wire = new Wire();
    wire.#server = createServer((near) => wire.#join(near, connect(Number(new URL(hub.url).port), "127.0.0.1")));
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    wire.url = `http://127.0.0.1:${wire.#server.address().port}`;
    return wire;
  }

  /** From now on nothing comes through, and nobody is told. */
  die() {
    this.#isDead = true;
  }

  /** Whoever comes from now on gets through. */
  mend() {
    this.#isDead = false;
  }

  cut() {
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
  }

  #join(near, far) {
    let isDead = this.#isDead;
    for (const [from, to] of [[near, far], [far, near]]) {
      this.#sockets.add(from);
      from.on("data", (data) => {
        isDead ||= this.#isDead;
        return isDead || to.write(data);
      });
      from.on("end", () => isDead || to.end());
      from.on("error", () => to.destroy());
    }
  }
}
