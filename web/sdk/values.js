/** Ids, names and times, as the protocol writes them. */

/** @import { Id, Time } from "./shapes.js" */

const ID_MAX = 2n ** 63n - 1n;

/**
 * An id as the text of digits that it is on the wire. Numbers are taken while they are exact.
 *
 * @param {string | number | bigint} id
 * @throws {TypeError} for what is no id, in the program that has it wrong instead of in the hub
 */
export function idText(id, what = "id") {
  const isExact = typeof id === "bigint" || (typeof id === "number" && Number.isSafeInteger(id));
  const text = isExact ? String(id) : id;
  if (typeof text !== "string" || !/^[1-9]\d{0,18}$/.test(text) || BigInt(text) > ID_MAX) {
    throw new TypeError(`${what}: ${String(id)} is no id; ids are texts of digits`);
  }
  return text;
}

/** A text that a frame needs, such as a name. */
export function plainText(text, what) {
  if (typeof text !== "string" || text === "") {
    throw new TypeError(`${what}: a text is needed`);
  }
  return text;
}

/**
 * What names are compared by: `Alice`, `alice` and `ａｌｉｃｅ` are one name for the hub, too. The
 * hub's own rule is stricter, so two names that differ there may be one here, never otherwise.
 */
export function foldName(name) {
  return name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/**
 * The other end of an address: of two users the id of their room, of a room and one of its users
 * the other user. Ids are texts of digits, since they may pass 2^53; the `^` of JavaScript cuts
 * them to 32 bits.
 * @type {(a: Id | number | bigint, b: Id | number | bigint) => Id}
 */
export function xor(a, b) {
  return (BigInt(a) ^ BigInt(b)).toString();
}

/**
 * Whether a room is a group: the ids of groups are odd, those of conversations of two even.
 * @type {(roomId: Id | number | bigint) => boolean}
 */
export function isGroup(roomId) {
  return BigInt(roomId) % 2n === 1n;
}

/**
 * The moment of a time of the protocol, which is Korean (UTC+9) and in microseconds.
 * @type {(time: Time) => Date}
 */
export function toDate(time) {
  return new Date(`${time.slice(0, 23).replace(" ", "T")}+09:00`);
}

/** Base64 of a text of ASCII; `btoa` is missing where JavaScript runs outside of browsers. */
export function base64(ascii) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let text = "";
  for (let at = 0; at < ascii.length; at += 3) {
    const bytes = [0, 1, 2].map((next) => ascii.charCodeAt(at + next));
    const bits = bytes.reduce((all, byte) => all * 256 + (byte || 0), 0);
    const taken = [18, 12, 6, 0].map((shift) => digits[Math.floor(bits / 2 ** shift) % 64]);
    text += taken.join("").slice(0, Math.min(3, ascii.length - at) + 1);
  }
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** How many bytes of UTF-8 a text takes. */
export function utf8Length(text) {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
