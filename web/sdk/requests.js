/**
 * What is asked on a socket: the frame, and how its answer is told from news. `fenced` ones may stay
 * unanswered; `changes` names the room that a request changes.
 */
import { base64, foldName } from "./values.js";

export const SYNC_MESSAGES_MAX = 500;
export const SYNC_ROOMS_MAX = 1_000;
export const PAGE_MAX = 200;
export const USERS_MAX = 100;

export function authenticating(token, features) {
  return {
    frame: { type: "auth", payload: { auth: token, features } },
    accepts: ({ type }) => type === "auth",
  };
}

export function sending({ chat_id, content, nonce }, me) {
  // Without the feature sync an echo has no nonce, and is known by its text.
  const isEcho = (said) =>
    "nonce" in said ? said.nonce === nonce : said.type === "send" && said.content === content;
  return {
    frame: { type: "chat", payload: { type: "send", chat_id, content, nonce } },
    accepts: ({ type, payload }) =>
      type === "chat" && payload.user_id === me && payload.chat_id === chat_id && isEcho(payload),
    changes: chat_id,
  };
}

export function editing(chat_id, id, content) {
  return {
    frame: { type: "chat", payload: { type: "edit", chat_id, id, content } },
    accepts: ({ type, payload }) =>
      type === "chat" &&
      payload.type === "edit" &&
      payload.id === id &&
      payload.content === content,
    changes: chat_id,
  };
}

export function paging(load_id, before, count) {
  const payload = { type: "chat", load_id, datetime: base64(before), count };
  return {
    frame: { type: "load", payload },
    accepts: ({ type, payload }) =>
      type === "chat" &&
      payload.type === "send" &&
      payload.chat_id === load_id &&
      payload.created_at < before,
    fenced: true,
  };
}

/** The same in one frame, which sessions with `sync` can ask for. */
export function pagingWhole(load_id, before, count) {
  const payload = { type: "chat", load_id, datetime: base64(before), count, page: true };
  return { frame: { type: "load", payload }, accepts: isLoad("chat", load_id) };
}

const isLoad = (kind, loadId) => (frame) =>
  frame.type === "load" && frame.payload.type === kind && frame.payload.load_id === loadId;

export function syncing(rooms, epoch) {
  return {
    frame: { type: "sync", payload: { rooms, limit: SYNC_MESSAGES_MAX, epoch } },
    accepts: ({ type }) => type === "sync",
  };
}

export function befriending(type, name) {
  return {
    frame: { type: "mutual_users", payload: { type, name } },
    accepts: ({ type }) => type === "ok",
  };
}

export function appearing(status) {
  return {
    frame: { type: "presence", payload: { type: "set", status } },
    accepts: ({ type, payload }) => type === "presence" && payload.type === "set",
  };
}

export function composing(chat_id, state) {
  return {
    frame: { type: "typing", payload: { chat_id, state } },
    accepts: () => false,
    fenced: true,
  };
}

export function marking(chat_id, seq, me) {
  return {
    frame: { type: "read", payload: { chat_id, seq } },
    accepts: ({ type, payload }) =>
      type === "read" && payload.chat_id === chat_id && payload.user_id === me,
  };
}

export function grouping(verb, asked, me) {
  const isAbout = ({ group, user, by }) =>
    (asked.chat_id === undefined || group.id === asked.chat_id) &&
    (asked.name === undefined || foldName(user?.name ?? "") === foldName(asked.name)) &&
    (verb === "members" || by === me);
  // To one who has never written in it, a group is only offered.
  const isVerb = (type) => type === verb || (verb === "transfer" && type === "offered");
  return {
    frame: { type: "group", payload: { type: verb, ...asked } },
    accepts: ({ type, payload }) => type === "group" && isVerb(payload.type) && isAbout(payload),
  };
}

/** Own requests for friendship and those of others. */
export function requestsOfBoth() {
  return {
    frame: { type: "load", payload: { type: "requests" } },
    accepts: isLoad("requests", undefined),
  };
}

/** Who is meant by ids. */
export function lookingUp(ids) {
  return {
    frame: { type: "users", payload: { ids } },
    accepts: ({ type }) => type === "users",
  };
}

/** Up to where each of a room has read. */
export function askingReaders(chat_id) {
  return {
    frame: { type: "read", payload: { chat_id, type: "list" } },
    accepts: ({ type, payload }) =>
      type === "read" && payload.type === "list" && payload.chat_id === chat_id,
  };
}
