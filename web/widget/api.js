/** The calls of the hub (docs/protocol/ppcom-http.md). */
import { Fault, faultOfCode } from "./fault.js";

const ANSWER_MS = 20_000;
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

export class Api {
  #options;

  /** @param {import("./options.js").Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** The socket's address. */
  get socket() {
    const url = new URL("pcsocket/WS", this.#options.hub);
    url.protocol = url.protocol.replace("http", "ws");
    return url;
  }

  /** A token that is nobody's yet. */
  async grant() {
    const { key, secret } = this.#options;
    const body = `client_id=${key}&client_secret=${secret}&grant_type=client_credentials`;
    const response = await this.#post("ppauth/token", { "Content-Type": FORM_TYPE }, body);
    if (response.status === 429) {
      throw new Fault("rate", 1_000 * Number(response.headers.get("Retry-After") ?? 60));
    }
    if (response.status === 400) {
      throw new Fault("setup");
    }
    return (await read(response)).access_token;
  }

  /** Makes a call; gives the answer of one that is done. */
  async call(token, name, fields = {}) {
    const headers = { "Content-Type": JSON_TYPE, Authorization: `OAuth ${token}` };
    const body = JSON.stringify({ app_uuid: this.#options.app, ...fields });
    const answer = await read(await this.#post(`api/${name}`, headers, body));
    const fault = faultOfCode(answer.error_code);
    if (fault !== null) {
      throw fault;
    }
    return answer;
  }

  /** The address of a file that somebody has sent. */
  file(id) {
    return new URL(`download/download/${encodeURIComponent(id)}`, this.#options.hub);
  }

  #post(path, headers, body) {
    const signal = AbortSignal.timeout(ANSWER_MS);
    return fetch(new URL(path, this.#options.hub), {
      method: "POST",
      credentials: "omit",
      headers,
      body,
      signal,
    });
  }
}

async function read(response) {
  if (!response.ok) {
    throw new Fault(response.status === 429 || response.status === 503 ? "busy" : "network");
  }
  return response.json();
}
