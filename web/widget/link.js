/**
 * One socket. What stays silent is dead: a frame that the hub does not know is answered by its code 5, so an unknown
 * one each half minute shows whether somebody is there.
 */
import { Fault, faultOfClose } from "./fault.js";
import { parsed } from "./storage.js";

const OPEN_MS = 20_000;
const PROBE_MS = 30_000;
const SILENCE_MS = 15_000;

/** Codes of an acknowledged `auth` that another token may cure. */
const OTHER_TOKEN = [8, 9, 10];

export class Link {
  #socket;
  #heard;
  #fault = null;
  #deadline;
  #probe;
  #letIn;
  #end;

  /** Settled once the hub has let the visitor in. */
  isOpen;
  /** Rejected with a fault, in the end. */
  isOver;

  /**
   * @param {URL} url
   * @param {object} auth What the frame `auth` says.
   * @param {(frame: any) => void} heard Is told every frame but answers to `auth` and probes.
   */
  constructor(url, auth, heard) {
    this.#heard = heard;
    this.isOver = new Promise((_, reject) => (this.#end = reject));
    this.isOpen = Promise.race([this.isOver, new Promise((resolve) => (this.#letIn = resolve))]);
    // Who asks hears of it; who does not, need not.
    this.isOver.catch(() => {});
    this.isOpen.catch(() => {});
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("open", () => this.send({ type: "auth", ...auth }));
    this.#socket.addEventListener("message", ({ data }) => this.#received(data));
    this.#socket.addEventListener("close", ({ code, reason }) =>
      this.close(this.#fault ?? faultOfClose(code, reason)),
    );
    this.#expect(OPEN_MS);
  }

  /** Sends a frame; what is over takes none. */
  send(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(frame));
    }
  }

  /** Lets go of the socket. */
  close(fault = new Fault("network")) {
    clearTimeout(this.#deadline);
    clearInterval(this.#probe);
    this.#socket.close();
    this.#end(fault);
  }

  #expect(ms) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.close(), ms);
  }

  #received(text) {
    clearTimeout(this.#deadline);
    const frame = parsed(text);
    if (frame === null) {
      this.close();
    } else if (frame.type === "ACK" && frame.what === "AUTH") {
      this.#answered(frame.code);
    } else if (frame.type === "MSG" && frame.msg?.mt === "SYS") {
      this.close(new Fault("replaced"));
    } else if (frame.what !== "WS") {
      this.#heard(frame);
    }
  }

  #answered(code) {
    if (code === 0) {
      this.#probe = setInterval(() => this.#ask(), PROBE_MS);
      this.#letIn();
    } else {
      this.#fault = new Fault(OTHER_TOKEN.includes(code) ? "token" : "network");
    }
  }

  #ask() {
    this.send({ type: "are_you_there" });
    this.#expect(SILENCE_MS);
  }
}
