// Times in the user's time zone and in that of the IPS server.

import { hourStyle } from '../../format.js';
import { currentLocale } from '../../texts.js';

const pad = (number) => String(number).padStart(2, '0');

/** Name of the browser's time zone, such as `Asia/Tokyo`. */
export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `+09:00` of a point in time in the browser's time zone.
 * @param {Date} date */
function offsetOf(date) {
  const minutes = -date.getTimezoneOffset();
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
}

/** The value of a `datetime-local` input for a point in time.
 * @param {Date} date */
export const toInput = (date) =>
  `${String(date.getFullYear()).padStart(4, '0')}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;

/** RFC 3339 time, with the browser's offset, of the value of a `datetime-local` input; empty for an incomplete one.
 * @param {string} value */
export function fromInput(value) {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '' : `${value.length === 16 ? `${value}:00` : value}${offsetOf(date)}`;
}

/** The point in time of an RFC 3339 text with an offset, else `null`.
 * @param {unknown} text */
export function parseTime(text) {
  const date = new Date(typeof text === 'string' && /T.*(Z|[+-]\d\d:\d\d)$/i.test(text) ? text : NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

const FORMAT = /** @type {const} */ ({ weekday: 'short', day: 'numeric', month: 'short', minute: '2-digit' });
const format = (date, timeZone) => new Intl.DateTimeFormat(currentLocale(), { ...FORMAT, hour: hourStyle(), ...(timeZone && { timeZone }) }).format(date);

/** A time as the clocks of the browser show it.
 * @param {Date} date */
export const formatHere = (date) => format(date);

/** @param {Date} date */
export const formatUtc = (date) => `${format(date, 'UTC')} UTC`;

/** A time as the clocks at its own offset show it.
 * @param {string} text */
export const formatThere = (text) => format(new Date(`${text.slice(0, 19)}Z`), 'UTC');

/** Names of the days of the week, from Monday.
 * @param {'short' | 'long'} length */
export function weekdayNames(length) {
  const name = new Intl.DateTimeFormat(currentLocale(), { weekday: length, timeZone: 'UTC' });
  // 1 January 2024 was a Monday.
  return Array.from({ length: 7 }, (_, index) => name.format(new Date(Date.UTC(2024, 0, 1 + index))));
}
