/** Who the visitor is: a secret that this browser keeps, and a token of the hub for it. */
import { Fault } from "./fault.js";
import { newUuid } from "./uuid.js";

const IDENTITY = "identity";

export class Visitor {
  #api;
  #storage;
  #app;

  constructor(api, storage) {
    this.#api = api;
    this.#storage = storage;
  }

  /** Whether this browser has chatted before: who has not is nobody to the hub. */
  get isKnown() {
    return this.#storage.shared(IDENTITY) !== null;
  }

  get token() {
    return this.#identity.token;
  }

  /** The visitor's uuid, once the hub has given one. */
  get user() {
    return this.#identity.user;
  }

  /** Becomes somebody, the same as before if possible. */
  async enter() {
    if (this.token !== null) {
      return;
    }
    const { trace } = this.#identity;
    const token = await this.#api.grant();
    try {
      const made = await this.#api.call(token, "PPCOM_CREATE_ANONYMOUS", { ppcom_trace_uuid: trace });
      this.#identity = { trace, token, user: made.user_uuid };
    } catch (error) {
      // A token that is new is good: then the app is not the key's. What is above a limit is said so.
      const kinds = { token: "setup", busy: "rate" };
      throw new Fault(kinds[error.kind] ?? Fault.of(error).kind);
    }
  }

  /** The next time there will be another token. */
  forgetToken() {
    this.#identity = { ...this.#identity, token: null };
  }

  /** A call about the visitor, or about what the fields say. */
  call(name, fields = {}) {
    return this.#api.call(this.token, name, { user_uuid: this.user, ...fields });
  }

  /** What the app's owner has set; it is asked for once a page. */
  async app() {
    this.#app ??= await this.call("PP_GET_APP_INFO");
    return this.#app;
  }

  /** The device of a name, known or new. */
  async device(name) {
    const fields = { device_id: name, device_ostype: osType() };
    return (await this.call("PPCOM_CREATE_DEVICE", fields)).device_uuid;
  }

  get #identity() {
    const kept = this.#storage.shared(IDENTITY);
    return kept ?? { trace: newUuid(), token: null, user: null };
  }

  set #identity(identity) {
    this.#storage.share(IDENTITY, identity);
  }
}

/** The browser's system, by the names of the protocol. */
function osType() {
  const names = [[/Android/, "ANB"], [/iPhone|iPad/, "IOB"], [/Mac/, "MAB"], [/Windows/, "WIB"]];
  const found = names.find(([pattern]) => /** @type {RegExp} */ (pattern).test(navigator.userAgent));
  return found?.[1] ?? "LIB";
}
