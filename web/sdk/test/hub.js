/**
 * A real hub in a process and a folder of its own, to be killed and started again. The program is
 * named by the variable TRADEWIND.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { Client } from "../tradewind.js";

export const DEADLINE_MS = 20_000;

/** Quick to come back: a test has not got the time of people. */
const PATIENCE = { retryFirstMs: 20, retryMaxMs: 200, busyMs: 20 };

export class Hub {
  #folder = mkdtempSync(join(tmpdir(), "tradewind-sdk."));
  #process = null;
  #bind = "127.0.0.1:0";
  #clients = [];
  #settings;

  /** `settings` as in the environment, such as `LIMITS__ENABLED`. */
  constructor(settings = {}) {
    this.#settings = settings;
  }

  get url() {
    return `http://${this.#bind}`;
  }

  /** Starts the hub, the second time on the same port and folder. */
  async start(...options) {
    const log = openSync(join(this.#folder, "hub.log"), "a");
    const stdio = ["ignore", "pipe", log];
    this.#process = spawn(program(), ["serve", ...options], {
      env: this.#environment(),
      cwd: this.#folder,
      stdio,
    });
    const lines = createInterface({ input: this.#process.stdout });
    for await (const line of lines) {
      const [, address] = /listens on http:\/\/(\S+)/.exec(line) ?? [];
      if (address !== undefined) {
        this.#bind = address;
        // Reads on, so that the hub never waits for us.
        this.#process.stdout.resume();
        return;
      }
    }
    throw new Error(`the hub did not start: ${this.log}`);
  }

  get log() {
    return readFileSync(join(this.#folder, "hub.log"), "utf8");
  }

  /** Ends the hub by a signal: SIGKILL is a power cut, SIGTERM an orderly stop. */
  async kill(signal = "SIGKILL") {
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }

  /** Runs a command of the program, and gives what it prints. */
  command(...args) {
    const { status, stdout, stderr } = spawnSync(program(), args, {
      env: this.#environment(),
      cwd: this.#folder,
      encoding: "utf8",
    });
    if (status !== 0) {
      throw new Error(`tradewind ${args.join(" ")}: ${stderr}`);
    }
    return stdout;
  }

  /** Makes a user: `{ id, name, email, token }`. */
  addUser(name, password, mailbox = name) {
    const email = `${mailbox}@example.org`;
    const optional = password === undefined ? [] : ["--password", password];
    return JSON.parse(this.command("user", "add", "--name", name, "--email", email, ...optional));
  }

  /** How many mails there are. */
  get mails() {
    const isMail = (file) => file.endsWith(".eml");
    return readdirSync(join(this.#folder, "outbox")).filter(isMail).length;
  }

  /** The link in the newest mail, once there are so many. */
  async link(mails) {
    const until = Date.now() + DEADLINE_MS;
    while (this.mails < mails && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const outbox = join(this.#folder, "outbox");
    const files = readdirSync(outbox).filter((file) => file.endsWith(".eml"));
    const texts = files.map((file) => readFileSync(join(outbox, file), "utf8"));
    const newest = files.map((file) => statSync(join(outbox, file)).mtimeMs);
    const text = texts[newest.indexOf(Math.max(...newest))];
    return /http\S+/.exec(text)[0].replace(/^http:\/\/[^/]+/, this.url);
  }

  /** A client, not yet connected. */
  client(options = {}) {
    const client = new Client(this.url, { ...PATIENCE, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client of a user that is ready. */
  async enter({ token }, options) {
    return within(this.client(options).connect(token), "a welcome");
  }

  async clear() {
    this.#clients.forEach((client) => client.close());
    if (this.#process?.exitCode === null && this.#process.signalCode === null) {
      await this.kill();
    }
    rmSync(this.#folder, { recursive: true });
  }

  #environment() {
    const settings = {
      HTTP__BIND: this.#bind,
      STORE__URL: `sqlite://${join(this.#folder, "tradewind.db")}`,
      MAIL__URL: `file://${join(this.#folder, "outbox")}`,
      AUTH__SECRET_FILE: join(this.#folder, "jwt.key"),
      LIMITS__ENABLED: "false",
      ...this.#settings,
    };
    const entries = Object.entries(settings);
    return Object.fromEntries(entries.map(([key, value]) => [`TRADEWIND__${key}`, value]));
  }
}

function program() {
  if (process.env.TRADEWIND === undefined) {
    throw new Error("TRADEWIND names no program; scripts/sdk does");
  }
  return process.env.TRADEWIND;
}

/** A promise that must be kept in time. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not in ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The next telling of a type for which something holds. */
export function heard(client, type, isIt = () => true) {
  const told = new Promise((resolve) => {
    const stop = client.on(type, (detail) => {
      if (isIt(detail)) {
        stop();
        resolve(detail);
      }
    });
  });
  return within(told, `${type} told to ${client.self?.name}`);
}

/** Makes friends of two connected users. */
export async function befriend(one, other) {
  const asked = heard(other, "friend", ({ type }) => type === "request");
  await one.requestFriend(other.self.name);
  await asked;
  const accepted = heard(one, "friend", ({ type }) => type === "response");
  await other.acceptFriend(one.self.name);
  await accepted;
}
