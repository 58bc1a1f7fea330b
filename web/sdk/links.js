import { socketUrl } from "./account.js";
import {
  CLOSED_BY_US,
  HubError,
  INVALID,
  LINK_LOST,
  OVERLOAD,
  REPLACED,
  SIGNED_OUT,
  offline,
} from "./errors.js";
import { Link, NO_LINK } from "./link.js";
import { diagnose } from "./probe.js";
import { authenticating } from "./requests.js";
import { Waiters } from "./waiters.js";

/** The longest wait that a hub can ask for by its close reason. */
const RETRY_TOLD_MAX_MS = 600_000;

/**
 * The links of a client, one after another: there is one for as long as the program wishes to be
 * connected, and after a loss the next one is tried. Each begins with the log-in, whose answer brings
 * all lists.
 */
export class Links {
  /** Whether everything missed had come once, for this user. */
  hasBeenReady = false;

  #client;
  #owner;
  #address;
  #url;
  #options;
  #token;
  /** Whether the token has come from `getToken` and not been taken by the hub yet. */
  #isTokenNew = false;
  /** Counts what the program has wanted: to be connected, to be closed. */
  #wish = 0;
  #link = NO_LINK;
  #attempts = 0;
  #retry;
  #waiters = new Waiters();
  /** Why there is no link, as far as it could be found out. */
  #why = null;
  #isInvestigating = false;
  /** Whether something has come up since the lists were asked for. */
  #isOutdated = false;

  /**
   * `owner` prepares the first link (`restore()`), hears frames (`heard(frame, request)`), and lets
   * go of what lives as long as a link (`dropped()`).
   */
  constructor(client, address, options, owner) {
    this.#client = client;
    this.#address = address;
    this.#url = socketUrl(address);
    this.#options = options;
    this.#owner = owner;
  }

  get token() {
    return this.#token;
  }

  /** The link there is, or what stands in its place. */
  get link() {
    return this.#link;
  }

  /** Whether the hub has taken the token and so takes requests. */
  get isOnline() {
    return this.#client.status === "syncing" || this.#client.status === "ready";
  }

  // What the program wishes

  connect(token = this.#token) {
    if (this.#link === NO_LINK || token !== this.#token) {
      this.#token = token;
      this.#wish += 1;
      this.#letGo("connecting");
      this.#waitNoLongerThan(this.#options.connectTimeoutMs);
      this.#start();
    }
    return this.ready();
  }

  ready() {
    return this.#client.status === "ready" ? Promise.resolve(this.#client) : this.#waiters.add();
  }

  wake() {
    if (this.#client.status === "offline") {
      this.#open();
    }
  }

  close() {
    this.#wish += 1;
    this.#letGo("closed");
    this.#waiters.reject(new HubError("closed", "the client was closed"));
  }

  /** A promise of the answer to a request, which needs a link. */
  ask(request) {
    return new Promise((resolve, reject) => {
      if (this.isOnline) {
        this.#link.ask({ ...request, resolve, reject });
      } else {
        reject(offline());
      }
    });
  }

  /** How long to wait after a "busy". */
  patience({ retryAfterMs }) {
    return retryAfterMs ?? jittered(this.#options.busyMs);
  }

  // What the hub's lists say

  /** The hub has taken the token. */
  accepted() {
    this.#isTokenNew = false;
  }

  /** The lists begin to be taken up. Tells whether they are the link's first. */
  begin() {
    const isFirst = this.#client.status === "connecting";
    if (isFirst) {
      this.#client.status = "syncing";
    }
    return isFirst;
  }

  /** Everything missed has come. */
  complete() {
    if (this.#client.status !== "syncing") {
      return;
    }
    this.#client.status = "ready";
    this.#attempts = 0;
    this.hasBeenReady = true;
    this.#why = null;
    this.#waiters.goOn();
    this.#waiters.resolve(this.#client);
    this.#client.emit("ready", this.#client);
  }

  /** Something has come up that lists on their way may not know yet. */
  outdate() {
    this.#isOutdated = true;
  }

  /** Something has come up that the lists do not tell enough about: asks for them again. */
  refresh() {
    this.outdate();
    if (!this.#link.awaits("auth")) {
      this.authenticate();
    }
  }

  /** Logs in, which brings all lists. */
  authenticate() {
    this.#isOutdated = false;
    this.#link.ask({
      ...authenticating(this.#token, this.#options.features),
      resolve: () => this.#isOutdated && this.authenticate(),
      reject: (error) => this.#refused(error),
    });
  }

  #refused({ code, message, retryAfterMs }) {
    if (code === INVALID) {
      this.#link.end(SIGNED_OUT, message);
    } else if (code !== "offline") {
      this.#link.end(OVERLOAD, retryAfterMs === null ? message : `retry_after_ms=${retryAfterMs}`);
    }
  }

  // One link after another

  async #start() {
    await this.#owner.restore();
    if (this.#isWanted) {
      this.#open();
    }
  }

  get #isWanted() {
    return this.#client.status === "connecting" && this.#link === NO_LINK;
  }

  /** The promises of `connect` wait no longer, if there has not been a hub. */
  #waitNoLongerThan(ms) {
    const error = new HubError("unreachable", `no hub has answered within ${ms} ms`);
    this.#waiters.giveUpAfter(ms, () => this.#why ?? error);
  }

  #open() {
    clearTimeout(this.#retry);
    this.#client.status = "connecting";
    if (this.#options.getToken !== undefined && !isGood(this.#token)) {
      this.#renew();
    } else {
      this.#connect();
    }
  }

  /** Has the program get a token. No token means that the user is to log in. */
  async #renew() {
    try {
      const token = await this.#options.getToken();
      if (this.#isWanted && isGood(token)) {
        this.#token = token;
        this.#isTokenNew = true;
        this.#connect();
      } else if (this.#isWanted) {
        this.#isTokenNew = true;
        this.#ended(SIGNED_OUT, "there is no token");
      }
    } catch (error) {
      if (this.#isWanted) {
        this.#client.emit("error", error);
        this.#ended(LINK_LOST, "no token could be got");
      }
    }
  }

  #connect() {
    let socket;
    try {
      socket = new this.#options.WebSocket(this.#url);
    } catch (error) {
      // It never will be: a page of https may not open ws://, for instance.
      this.#fail(error);
      return;
    }
    const link = new Link(
      socket,
      {
        opened: () => this.authenticate(),
        heard: (frame, request) => this.#owner.heard(frame, request),
        ended: (code, reason, wasOpen) => {
          if (link === this.#link) {
            this.#ended(code, reason);
            wasOpen || this.#investigate();
          }
        },
      },
      this.#options,
    );
    this.#link = link;
  }

  /** Gives up. */
  #fail(error) {
    this.#letGo("closed");
    this.#waiters.reject(error);
    this.#client.emit("error", error);
  }

  /** Before there has been a hub, finds out why there is none, and gives up if that is for good. */
  async #investigate() {
    const { fetch } = this.#options;
    if (this.hasBeenReady || this.#isInvestigating || fetch === undefined) {
      return;
    }
    this.#isInvestigating = true;
    const wish = this.#wish;
    const error = await diagnose(this.#address, fetch);
    this.#isInvestigating = false;
    if (this.#wish === wish && !this.isOnline) {
      this.#why = error;
      if (error.code === "nohub" || error.code === "origin") {
        this.#fail(error);
      }
    }
  }

  #ended(code, reason) {
    const isRenewed = code === SIGNED_OUT && this.#options.getToken && !this.#isTokenNew;
    if (isRenewed) {
      this.#token = undefined;
    }
    const isFinal = (code === SIGNED_OUT && !isRenewed) || code === REPLACED;
    this.#letGo(isFinal ? "signedout" : "offline");
    const retryInMs = isFinal ? null : isRenewed ? 0 : this.#retryDelay(reason);
    if (!isFinal) {
      this.#retry = setTimeout(() => this.#open(), retryInMs);
    }
    if (isFinal) {
      this.#waiters.reject(new HubError("signedout", reason));
    }
    this.#client.emit("offline", { code, reason, retryInMs });
    if (isFinal) {
      this.#client.emit("signedout", { code, reason });
    }
  }

  #letGo(status) {
    clearTimeout(this.#retry);
    if (status === "closed" || status === "signedout") {
      this.#waiters.goOn();
    }
    this.#client.status = status;
    const link = this.#link;
    this.#link = NO_LINK;
    link.end(CLOSED_BY_US, "");
    this.#owner.dropped();
  }

  #retryDelay(reason) {
    const told = /^retry_after_ms=(\d+)$/.exec(reason);
    if (told !== null) {
      return Math.min(Number(told[1]), RETRY_TOLD_MAX_MS);
    }
    const { retryFirstMs, retryMaxMs } = this.#options;
    const delay = Math.min(retryMaxMs, retryFirstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return jittered(delay);
  }
}

const isGood = (token) => typeof token === "string" && token !== "";

/** A delay from a half of it to the whole, so that clients do not come back all at once. */
function jittered(ms) {
  return ms * (0.5 + Math.random() / 2);
}
