/**
 * Which part of a conversation is in the page: a window that moves with the reader, so that thousands of messages cost
 * no more than a few hundred. It is held by numbers of messages, which stay when others come, change or go.
 */

/** @import { TimelineEntry } from "../../sdk/tradewind.js" */

/** How many messages come with each step, and how many are there at most. */
export const STEP = 40;
export const MOST = 120;

/** `first` and `last` are numbers of messages; `null`: the window ends, or begins, where the conversation does. */
/** @typedef {{ first: number | null, last: number | null }} Slice */

/** @type {Slice} */
export const NEWEST = { first: null, last: null };

/** What is not stored yet comes after all that is. */
const seqOf = (/** @type {TimelineEntry | undefined} */ entry) => entry?.message?.seq ?? Infinity;

/** The place of the first entry with a number not below. */
function placeOf(/** @type {TimelineEntry[]} */ entries, /** @type {number} */ seq) {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqOf(entries[middle]) < seq) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** From where to where it reaches. */
export function bounds(/** @type {TimelineEntry[]} */ entries, /** @type {Slice} */ { first, last }) {
  const end = last === null ? entries.length : placeOf(entries, last + 1);
  const start = first === null ? end - STEP : placeOf(entries, first);
  return { start: Math.max(0, start, last === null ? end - MOST : 0), end };
}

/** A step back. @param {TimelineEntry[]} entries @param {Slice} slice @returns {Slice} */
export function older(entries, slice) {
  const { start, end } = bounds(entries, slice);
  const from = Math.max(0, start - STEP);
  const until = Math.min(end, from + MOST);
  return { first: seqOf(entries[from]), last: until === entries.length ? null : lastOf(entries, until) };
}

/** A step forth. @param {TimelineEntry[]} entries @param {Slice} slice @returns {Slice} */
export function newer(entries, slice) {
  const { start, end } = bounds(entries, slice);
  const until = Math.min(entries.length, end + STEP);
  const from = Math.max(start, until - MOST);
  return { first: seqOf(entries[from]), last: until === entries.length ? null : lastOf(entries, until) };
}

/** The number of the last before a place, if all there are stored. */
function lastOf(/** @type {TimelineEntry[]} */ entries, /** @type {number} */ until) {
  const seq = seqOf(entries[until - 1]);
  return seq === Infinity ? null : seq;
}
