/**
 * Why a socket did not open. A browser does not say so to the page: this asks by HTTP, where more
 * can be told apart.
 */
import { folder } from "./account.js";
import { HubError } from "./errors.js";

const PROBE_MS = 5_000;

/** Gives a `HubError` with one of the codes "unreachable", "nohub", "origin" and "nosocket". */
export async function diagnose(address, fetch) {
  const base = folder(address);
  const ask = (path, options) => answerOf(fetch, new URL(path, base), options);
  const health = await ask("healthz");
  if (health === null) {
    // A page may always send this, and learns nothing but that something answers.
    const isThere = (await ask("healthz", { mode: "no-cors" })) !== null;
    return isThere
      ? new HubError("nohub", `what answers at ${base} is no hub, or an older one`)
      : new HubError("unreachable", `nothing answers at ${base}`);
  }
  if (health.status >= 500) {
    return new HubError("unreachable", `no hub behind ${base}: it answers ${health.status}`);
  }
  if (!health.ok || !health.text.startsWith("ok")) {
    return new HubError("nohub", `what answers at ${base} is no hub: is the path right?`);
  }
  if ((await ask("api/v1/me")) === null) {
    return new HubError(
      "origin",
      `the hub does not take pages of ${globalThis.location?.origin ?? "this origin"}: ` +
        "add it to http.allowed_origins",
    );
  }
  return new HubError(
    "nosocket",
    "the hub is there, but its socket does not open: it is full, or a proxy does not pass it on",
  );
}

/** What came, or `null` if nothing could be read. */
async function answerOf(fetch, url, options = {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), PROBE_MS);
  });
  const read = async () => {
    const answer = await fetch(url, { cache: "no-store", ...options });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  };
  try {
    return await Promise.race([read(), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
