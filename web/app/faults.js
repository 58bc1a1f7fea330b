/** What went wrong, in words for people. */
import { t } from "./text.js";

/** @typedef {import("./text.js").TextKey} TextKey */

/**
 * By the codes of problems of the HTTP API and of the SDK, and by what REWIND says.
 * @type {Record<string, TextKey>}
 */
const SAID = {
  offline: "fault.offline",
  unreachable: "fault.offline",
  closed: "fault.offline",
  unanswered: "fault.unanswered",
  full: "fault.full",
  "email or password incorrect.": "fault.credentials",
  "email or password is no provided.": "fault.missing",
  "kimino namae wa..!": "fault.missing",
  "email is already exist.": "fault.emailTaken",
  "Invalid email address.": "fault.email",
  "name is already exist.": "fault.nameTaken",
  "name is invalid.": "fault.name",
  "password is invalid.": "fault.password",
  "password is too long.": "fault.password",
  "select named user is not exist.": "fault.nobody",
  "select named user is already requested.": "fault.asksYou",
  "select named user is already friend.": "fault.friends",
  "select named user was not friend.": "fault.noFriend",
  "could not send to friend request.": "fault.yourself",
  "targeted name was not requested.": "fault.noRequest",
  "User not exist.": "fault.noWriting",
  "not allowed": "fault.notAllowed",
  "not a member": "fault.notAllowed",
  "user is not added by others": "fault.notAdded",
  "user is banned": "fault.banned",
  "group is full": "fault.groupFull",
  "too many groups": "fault.tooManyGroups",
  name_taken: "fault.nameTaken",
  name_invalid: "fault.name",
  email_invalid: "fault.email",
  password_invalid: "fault.password",
  password_wrong: "fault.passwordWrong",
  no_such_user: "fault.nobody",
  oneself: "fault.yourself",
};

/** @returns {string} */
export function faultText(/** @type {any} */ error) {
  if (error?.name === "TypeError" && error?.code === undefined) {
    return t("fault.offline");
  }
  if (error?.code === 429 || error?.isTemporary) {
    const seconds = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000);
    return t("fault.tooFast", { n: seconds });
  }
  const key = SAID[error?.problem ?? ""] ?? SAID[error?.code ?? ""] ?? SAID[error?.message ?? ""];
  return key === undefined ? t("fault.other", { what: error?.message ?? String(error) }) : t(key);
}
