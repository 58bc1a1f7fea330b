import { CLOSED_BY_US, HubError, LINK_LOST, errorOf, offline } from "./errors.js";

/**
 * One socket: its heartbeats, and the requests that wait for answers, in their order.
 *
 * Answers come in the order of the requests, and news of others in between. So a frame is the answer
 * to the request at the head of the line, or it is news. What may stay unanswered is followed by a
 * heartbeat: its echo says that everything before has been answered.
 */
export class Link {
  #socket;
  #client;
  #answerTimeoutMs;
  #line = [];
  #beats = 0;
  #isOpen = false;
  #isOver = false;
  #pulse;
  #watch;

  /** `client` is told by `opened()`, `heard(frame, request)` and `ended(code, reason, wasOpen)`. */
  constructor(socket, client, { heartbeatMs, answerTimeoutMs }) {
    this.#socket = socket;
    this.#client = client;
    this.#answerTimeoutMs = answerTimeoutMs;
    socket.addEventListener("open", () => this.#opened(heartbeatMs));
    socket.addEventListener("message", ({ data }) => this.#received(data));
    socket.addEventListener("close", ({ code, reason }) => this.end(code, reason));
    // A close event follows and says more; but not of every socket that has never opened.
    socket.addEventListener("error", () => this.#isOpen || setTimeout(() => this.#unopened(), 0));
    this.#listen();
  }

  /** Sends a request. Its `resolve` and `reject` are called in the moment of the answer. */
  ask(request) {
    this.#line.push({ frames: [], ...request });
    this.#socket.send(JSON.stringify(request.frame));
    if (this.#line.length === 1) {
      this.#listen();
    }
    if (request.fenced) {
      this.#beat();
    }
  }

  /** Whether a request of a type is unanswered. */
  awaits(type) {
    return this.#line.some(({ frame }) => frame.type === type);
  }

  /** Whether a request that changes a room is unanswered. */
  isChanging(roomId) {
    return this.#line.some(({ changes }) => changes === roomId);
  }

  /** Does something later, if the link is still there then. */
  after(ms, act) {
    setTimeout(() => this.#isOver || act(), ms);
  }

  /** Lets go of the socket; a dead one is not waited for. */
  end(code, reason) {
    if (this.#isOver) {
      return;
    }
    this.#isOver = true;
    clearInterval(this.#pulse);
    clearTimeout(this.#watch);
    this.#socket.close(CLOSED_BY_US);
    for (const request of this.#line) {
      request.reject?.(offline());
    }
    this.#client.ended(code, reason, this.#isOpen);
  }

  #unopened() {
    this.end(LINK_LOST, "the socket did not open");
  }

  #opened(heartbeatMs) {
    if (this.#isOver) {
      return;
    }
    this.#isOpen = true;
    this.#beat();
    this.#pulse = setInterval(() => this.#beat(), heartbeatMs);
    this.#client.opened();
  }

  #beat() {
    this.#beats += 1;
    this.ask({ frame: { type: "heartbeat", payload: this.#beats }, beat: this.#beats });
  }

  /** While something is awaited, silence means that the link is dead. */
  #listen() {
    clearTimeout(this.#watch);
    if (!this.#isOpen || this.#line.length > 0) {
      const giveUp = () => this.end(LINK_LOST, "no answer");
      this.#watch = setTimeout(giveUp, this.#answerTimeoutMs);
    }
  }

  #received(text) {
    if (this.#isOver) {
      return;
    }
    const frame = parsed(text);
    if (frame === null) {
      this.end(LINK_LOST, "not a hub");
    } else if (frame.type === "heartbeat") {
      this.#echoed(frame.payload);
    } else {
      this.#assign(frame);
    }
    if (!this.#isOver) {
      this.#listen();
    }
  }

  /** Gives a frame to the request it answers, if it does; a heartbeat is never refused. */
  #assign(frame) {
    const [head] = this.#line;
    const isRefusal = frame.type === "error" && head !== undefined && head.beat === undefined;
    if (!isRefusal && !head?.accepts?.(frame)) {
      this.#client.heard(frame, null);
      return;
    }
    if (isRefusal || !head.fenced) {
      this.#line.shift();
    }
    if (isRefusal) {
      head.reject?.(errorOf(frame.payload));
      return;
    }
    this.#client.heard(frame, head);
    if (head.fenced) {
      head.frames.push(frame.payload);
    } else {
      head.resolve?.(frame.payload);
    }
  }

  /** Everything that was asked before a heartbeat has been answered when its echo comes. */
  #echoed(beat) {
    const place = this.#line.findIndex((request) => request.beat === beat);
    for (const request of this.#line.splice(0, place + 1)) {
      if (request.fenced) {
        request.resolve?.(request.frames);
      } else if (request.beat === undefined) {
        request.reject?.(new HubError("unanswered", "the hub has not answered"));
      }
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * In place of a link where there is none.
 * @type {any}
 */
export const NO_LINK = {
  ask: ({ reject }) => reject?.(offline()),
  awaits: () => false,
  isChanging: () => false,
  after: () => {},
  end: () => {},
};
