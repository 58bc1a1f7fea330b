import { html } from "../html.js";

/** What may be a link: of the web, or to a mailbox. Nothing else ever is. */
const LINK = /(?:https?:\/\/|mailto:)[^\s<>"'\x60\u2066-\u2069]+/giu;
/** What ends a sentence rather than a link. */
const TAIL = /[.,;:!?…。、，！？]+$/u;
const SCHEMES = ["http:", "https:", "mailto:"];

/** @typedef {{ text: string, href: string | null }} Piece */

/**
 * A text in pieces, of which some are links.
 *
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    const href = safe(address);
    if (href !== null) {
      found.push({ text: text.slice(end, match.index), href: null }, { text: address, href });
      end = match.index + address.length;
    }
  }
  return [...found, { text: text.slice(end), href: null }].filter((piece) => piece.text !== "");
}

/** Without what ends the sentence, and a bracket that was opened before it. */
function trimmed(/** @type {string} */ address) {
  let text = address.replace(TAIL, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    const count = (/** @type {string} */ sign) => text.split(sign).length;
    while (text.endsWith(close) && count(close) > count(open)) {
      text = text.slice(0, -1).replace(TAIL, "");
    }
  }
  return text;
}

function safe(/** @type {string} */ address) {
  try {
    const url = new URL(address);
    return SCHEMES.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A text of somebody, as text, with its links. */
export function RichText(/** @type {{ text: string }} */ { text }) {
  return pieces(text).map(({ text, href }) =>
    href === null
      ? text
      : html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow ugc" dir="ltr">${text}</a>`,
  );
}
