/** The agents of the conversation: who is there, and who types. */

/** Who types says so again and again; who has not for so long types no more. */
const TYPES_MS = 6_000;

export class Agents {
  #agents = new Map();
  #typing = new Map();
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Takes up the list of the conversation's agents. */
  set(list) {
    const entry = ({ uuid, user_fullname: name, is_browser_online: browser, is_mobile_online: mobile }) =>
      /** @type {const} */ ([uuid, { name, browser, mobile }]);
    this.#agents = new Map(list.filter((user) => user.is_service_user).map(entry));
  }

  /** The names of all agents, of those who are there, and of those who type. */
  get names() {
    return [...this.#agents.values()].map(({ name }) => name);
  }

  get here() {
    return [...this.#agents.values()].filter(({ browser, mobile }) => browser || mobile).map(({ name }) => name);
  }

  get typing() {
    return [...this.#typing.keys()].map((uuid) => this.#agents.get(uuid)?.name).filter(Boolean);
  }

  /** Whether somebody is an agent who is not there, as far as is known. */
  isAway(uuid) {
    const agent = this.#agents.get(uuid);
    return agent !== undefined && !agent.browser && !agent.mobile;
  }

  /** Somebody has come or gone. */
  heardOnline({ user_uuid: uuid, browser, mobile }) {
    const agent = this.#agents.get(uuid);
    if (agent === undefined) {
      return;
    }
    const after = (said, before) => (said === "UNCHANGED" ? before : said === "ONLINE");
    agent.browser = after(browser, agent.browser);
    agent.mobile = after(mobile, agent.mobile);
    if (!agent.browser && !agent.mobile) {
      this.stopsTyping(uuid);
    }
    this.#changed();
  }

  /** Somebody types. */
  heardTyping({ user_uuid: uuid }) {
    clearTimeout(this.#typing.get(uuid));
    this.#typing.set(uuid, setTimeout(() => this.stopsTyping(uuid), TYPES_MS));
    this.#changed();
  }

  /** Somebody has said what he has typed, or has gone. */
  stopsTyping(uuid) {
    clearTimeout(this.#typing.get(uuid));
    if (this.#typing.delete(uuid)) {
      this.#changed();
    }
  }
}
