/** What is done over HTTP: registering, logging in, and one's own account. */
import { HubError } from "./errors.js";
import { plainText } from "./values.js";

/** @import { AddedBy, GroupOffer, Id, Login, OwnAccount, User } from "./shapes.js" */

/** An address as a folder, so that paths of the hub are below it. */
export function folder(address) {
  return String(address).replace(/\/*$/, "/");
}

/** Where its socket is. */
export function socketUrl(address) {
  const url = new URL("ws", folder(address));
  url.protocol = url.protocol.replace("http", "ws");
  url.search = "?compat=readme";
  return url.href;
}

/**
 * Asks the hub; gives its answer, or breaks with a `HubError` whose code is the HTTP status.
 *
 * @param {string | URL} address
 * @param {string} path
 * @param {{ method?: string, token?: string, body?: object, fetch: typeof globalThis.fetch }} options
 */
async function request(address, path, { method = "POST", token, body, fetch }) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (token !== undefined) {
    headers.Authorization = `Bearer ${token}`;
  }
  const text = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(`api/v1/${path}`, folder(address));
  const answer = await fetch(url, { method, headers, body: text });
  if (!answer.ok) {
    throw refusal(answer, await answer.json().catch(() => null));
  }
  return answer;
}

/** Problems of `/api/v1` (RFC 9457), and REWIND's own form for registering and logging in. */
function refusal(answer, body) {
  const seconds = Number(answer.headers.get("Retry-After"));
  const message = body?.payload?.message ?? body?.detail ?? body?.title ?? answer.statusText;
  const wait = seconds > 0 ? seconds * 1_000 : null;
  return new HubError(answer.status, message, wait, body?.code ?? null);
}

/** What a hub answers is JSON; anything else comes from elsewhere. */
async function json(answer) {
  const body = await answer.json().catch(() => null);
  if (body === null) {
    throw new HubError(answer.status, "what answers is no hub");
  }
  return body;
}

/**
 * Logs in by HTTP and gives the token. `address` is the hub's, such as `https://chat.example`.
 * Rejects with a `HubError` whose code is the HTTP status.
 *
 * @param {string | URL} address
 * @param {{ email: string, password: string }} account
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<string>}
 */
export async function login(address, { email, password }, fetch = globalThis.fetch) {
  const answer = await request(address, "auth/login", { body: { email, password }, fetch });
  const { type, payload } = await json(answer);
  if (type !== "auth") {
    throw new HubError(answer.status, "what answers is no hub");
  }
  return payload.token;
}

/**
 * Asks for an account; a mail with a link goes to the address, which makes it.
 *
 * @param {string | URL} address
 * @param {{ name: string, email: string, password: string }} account
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<void>}
 */
export async function register(address, { name, email, password }, fetch = globalThis.fetch) {
  await json(await request(address, "auth/register", { body: { name, email, password }, fetch }));
}

/**
 * Has a mail sent with a link to a new password, if somebody has the address.
 *
 * @param {string | URL} address
 * @param {string} email
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<void>}
 */
export async function requestReset(address, email, fetch = globalThis.fetch) {
  await request(address, "auth/reset", { body: { email }, fetch });
}

/**
 * Sets a new password by the key at the end of the link. All log-ins end.
 *
 * @param {string | URL} address
 * @param {string} key
 * @param {string} password
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<void>}
 */
export async function resetPassword(address, key, password, fetch = globalThis.fetch) {
  const path = `auth/reset/${encodeURIComponent(key)}`;
  await request(address, path, { body: { password }, fetch });
}

/**
 * A user's account, over HTTP; `Client.account` is that of the client's user. What the hub refuses is
 * a `HubError` with the status and the `problem`. A user is named by an id or a name.
 */
export class Account {
  #address;
  #token;
  #fetch;

  /**
   * `token` is a token, or gives one.
   *
   * @param {string | URL} address
   * @param {string | (() => string | undefined | Promise<string | undefined>)} token
   * @param {typeof globalThis.fetch} [fetch]
   */
  constructor(address, token, fetch = globalThis.fetch) {
    this.#address = address;
    this.#token = typeof token === "function" ? token : () => token;
    this.#fetch = fetch;
  }

  /**
   * The account: `{ id, name, profile, email, created_at, … }`.
   * @type {() => Promise<OwnAccount>}
   */
  async show() {
    return json(await this.#ask("me", { method: "GET" }));
  }

  /**
   * Changes what is named: `{ name, profile, added_by }`. Gives the account as it is then.
   *
   * @param {{ name?: string, profile?: string | null, added_by?: AddedBy }} changes
   * @returns {Promise<OwnAccount>}
   */
  async change(changes) {
    return json(await this.#ask("me", { method: "PATCH", body: changes }));
  }

  /**
   * Changes the password. All other log-ins end.
   * @type {(old: string, password: string) => Promise<void>}
   */
  async changePassword(old, password) {
    await this.#ask("me/password", { method: "PUT", body: { old, new: password } });
  }

  /**
   * Deletes the account, for good.
   * @type {(password: string) => Promise<void>}
   */
  async delete(password) {
    await this.#ask("me", { method: "DELETE", body: { password } });
  }

  /**
   * All that is kept of the user, as JSON in a `Blob`.
   * @type {() => Promise<Blob>}
   */
  async export() {
    return (await this.#ask("me/export", { method: "GET" })).blob();
  }

  /**
   * Whom the user blocks, oldest block first.
   * @type {() => Promise<User[]>}
   */
  async blocks() {
    return (await json(await this.#ask("blocks", { method: "GET" }))).users;
  }

  /**
   * Wants to hear nothing more of somebody.
   * @type {(user: Id | string) => Promise<void>}
   */
  async block(user) {
    await this.#ask(`blocks/${segment(user)}`, { method: "PUT" });
  }

  /**
   * Lifts a block.
   * @type {(user: Id | string) => Promise<void>}
   */
  async unblock(user) {
    await this.#ask(`blocks/${segment(user)}`, { method: "DELETE" });
  }

  /**
   * Groups that their owners have offered to the user, those first whose offers end first.
   * @type {() => Promise<GroupOffer[]>}
   */
  async groupOffers() {
    return (await json(await this.#ask("group-offers", { method: "GET" }))).offers;
  }

  /**
   * The user's log-ins, the one renewed last first.
   * @type {() => Promise<Login[]>}
   */
  async sessions() {
    return (await json(await this.#ask("sessions", { method: "GET" }))).sessions;
  }

  /**
   * Ends a log-in with its sockets.
   * @type {(id: string) => Promise<void>}
   */
  async endSession(id) {
    await this.#ask(`sessions/${segment(id)}`, { method: "DELETE" });
  }

  /**
   * A further token of the same log-in.
   * @type {() => Promise<string>}
   */
  async refresh() {
    return (await json(await this.#ask("auth/refresh", {}))).token;
  }

  /**
   * Ends the log-in: its tokens stop working.
   * @type {() => Promise<void>}
   */
  async logOut() {
    await this.#ask("auth/logout", {});
  }

  async #ask(path, options) {
    const token = await this.#token();
    return request(this.#address, path, { token, fetch: this.#fetch, ...options });
  }
}

/** A user's id, a name, or a log-in's id in a path. */
function segment(text) {
  return encodeURIComponent(plainText(String(text), "a user or log-in"));
}
