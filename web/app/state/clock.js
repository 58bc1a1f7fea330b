/** The time, as signals: views that show how long ago something was draw themselves again. */
import { signal } from "../../vendor/signals.js";
import { language } from "../text.js";

export const minute = signal(Date.now());
export const second = signal(Date.now());

setInterval(() => (second.value = Date.now()), 1_000);
setInterval(() => (minute.value = Date.now()), 20_000);

const DAY_MS = 86_400_000;

const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function format(options) {
  const key = language.value + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language.value, options);
  formats.set(key, made);
  return made;
}

export function clockTime(/** @type {Date} */ date) {
  return format({ hour: "numeric", minute: "2-digit" }).format(date);
}

export function fullTime(/** @type {Date} */ date) {
  return format({ dateStyle: "full", timeStyle: "medium" }).format(date);
}

const startOfDay = (/** @type {Date} */ date) => new Date(date).setHours(0, 0, 0, 0);

/** How many days ago a day was. */
function daysAgo(/** @type {Date} */ date) {
  return Math.round((startOfDay(new Date(minute.value)) - startOfDay(date)) / DAY_MS);
}

/** "Today", "Yesterday", or the day. */
export function dayName(/** @type {Date} */ date) {
  const ago = daysAgo(date);
  if (ago < 2) {
    const words = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
    const word = words.format(-ago, "day");
    return word.charAt(0).toLocaleUpperCase(language.value) + word.slice(1);
  }
  const isThisYear = date.getFullYear() === new Date(minute.value).getFullYear();
  return format({ weekday: "long", day: "numeric", month: "long", ...(isThisYear ? {} : { year: "numeric" }) }).format(
    date,
  );
}

/** The time of something in a list: of today its hour, else its day. */
export function shortTime(/** @type {Date} */ date) {
  const ago = daysAgo(date);
  if (ago === 0) {
    return clockTime(date);
  }
  return ago < 7
    ? format({ weekday: "short" }).format(date)
    : format({ day: "numeric", month: "short", ...(ago > 300 ? { year: "2-digit" } : {}) }).format(date);
}

/** How long ago something was, in words. */
export function ago(/** @type {Date} */ date) {
  const seconds = Math.max(0, (minute.value - date.getTime()) / 1_000);
  const words = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  /** @type {[number, Intl.RelativeTimeFormatUnit][]} */
  const units = [
    [86_400 * 30, "month"],
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ];
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [60, "minute"];
  return words.format(-Math.round(seconds / size), unit);
}

export const isSameDay = (/** @type {Date} */ one, /** @type {Date} */ other) => startOfDay(one) === startOfDay(other);
