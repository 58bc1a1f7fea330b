/** How messages stand one below the other: days between them, and one head for what somebody says in a row. */
import { toDate } from "../../sdk/tradewind.js";
import { dayName, isSameDay } from "../state/clock.js";
import { client } from "../state/hub.js";

/** @import { TimelineEntry } from "../../sdk/tradewind.js" */

/** Later than this, it is said anew. */
const IN_A_ROW_MS = 5 * 60_000;

/**
 * @typedef {{ key: string, entry: TimelineEntry, isOwn: boolean, isFirst: boolean, isLast: boolean,
 *   day: string | null, isFirstUnread: boolean, signature: string }} Row
 */

/** The name of an entry that stays when it is stored. */
function keyOf(/** @type {TimelineEntry} */ { nonce, message }) {
  return nonce ?? message?.id ?? "";
}

/** Messages do not change when they were said, and are asked often. */
/** @type {WeakMap<object, Date>} */
const dates = new WeakMap();

/** When an entry was said; what waits is said now. */
function dateOf(/** @type {TimelineEntry} */ { message }) {
  if (message === null) {
    return new Date();
  }
  const date = dates.get(message) ?? toDate(message.created_at);
  dates.set(message, date);
  return date;
}

const authorOf = (/** @type {TimelineEntry} */ { message }) => message?.user_id ?? client.peek()?.self?.id ?? "";

/** @param {TimelineEntry | undefined} one @param {TimelineEntry | undefined} other */
function areInARow(one, other) {
  if (one === undefined || other === undefined || authorOf(one) !== authorOf(other)) {
    return false;
  }
  const [from, to] = [dateOf(one), dateOf(other)];
  return to.getTime() - from.getTime() < IN_A_ROW_MS && isSameDay(from, to);
}

/**
 * @param {TimelineEntry[]} entries
 * @param {{ start: number, end: number, line: number | null, isWhole: boolean }} what
 * @returns {Row[]}
 */
export function rowsOf(entries, { start, end, line, isWhole }) {
  const self = client.peek()?.self?.id;
  const isNew = (/** @type {TimelineEntry | undefined} */ entry) =>
    line !== null && (entry?.message?.seq ?? 0) > line && entry?.message?.user_id !== self;
  let isLineDrawn = line === null || entries.slice(0, start).some(isNew);
  return entries.slice(start, end).map((entry, at) => {
    const [before, after] = [entries[start + at - 1], entries[start + at + 1]];
    const date = dateOf(entry);
    // Before the first that is known there may be more: a head comes when it is known to be one.
    const isKnown = before !== undefined || isWhole;
    const isNewDay = isKnown && (before === undefined || !isSameDay(dateOf(before), date));
    const isFirstUnread = isKnown && !isLineDrawn && isNew(entry);
    isLineDrawn ||= isNew(entry);
    return {
      key: keyOf(entry),
      entry,
      isOwn: authorOf(entry) === self,
      isFirst: isKnown && (isFirstUnread || !areInARow(before, entry)),
      isLast: !areInARow(entry, after),
      day: isNewDay ? dayName(date) : null,
      isFirstUnread,
      signature: `${entry.state} ${entry.message?.rev ?? ""}`,
    };
  });
}
