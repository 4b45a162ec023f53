// Quartz expressions of the schedule builder: `seconds minutes hours day-of-month month day-of-week`.

/** Intervals in minutes that divide the hour, so that runs have the same distance. */
export const INTERVALS = [5, 10, 15, 20, 30];
/** Days of the week, by their names in Quartz. */
export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];
/** Day of the month for its last day. */
export const LAST_DAY = 'L';

/**
 * A recurrence of the builder; `expression` is any other Quartz expression.
 * @typedef {{ every: 'minutes', interval: number } | { every: 'hour', minute: number } | { every: 'day', time: string }
 *   | { every: 'week', days: string[], time: string } | { every: 'month', day: string, time: string } | { every: 'expression', expression: string }} Recurrence
 */

/** The values that a newly chosen recurrence has.
 * @type {Record<string, Recurrence>} */
export const NEW_RECURRENCES = {
  minutes: { every: 'minutes', interval: 30 },
  hour: { every: 'hour', minute: 0 },
  day: { every: 'day', time: '02:30' },
  week: { every: 'week', days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], time: '02:30' },
  month: { every: 'month', day: '1', time: '02:30' },
};

/** The expression of a recurrence.
 * @param {Recurrence} recurrence */
export function formatQuartz(recurrence) {
  const at = (time) => {
    const [hour, minute] = time.split(':').map(Number);
    return `0 ${minute} ${hour}`;
  };
  switch (recurrence.every) {
    case 'minutes': return `0 0/${recurrence.interval} * * * ?`;
    case 'hour': return `0 ${recurrence.minute} * * * ?`;
    case 'day': return `${at(recurrence.time)} * * ?`;
    case 'week': return `${at(recurrence.time)} ? * ${weekdayList(recurrence.days)}`;
    case 'month': return `${at(recurrence.time)} ${recurrence.day} * ?`;
    default: return recurrence.expression;
  }
}

/** `MON-FRI` for three or more days in a row, else a list. */
function weekdayList(days) {
  const indices = days.map((day) => WEEKDAYS.indexOf(day)).sort((one, other) => one - other);
  const [first, last] = [indices[0], indices[indices.length - 1]];
  if (indices.length > 2 && last - first === indices.length - 1) return `${WEEKDAYS[first]}-${WEEKDAYS[last]}`;
  return indices.map((index) => WEEKDAYS[index]).join(',');
}

const numberIn = (text, max) => (/^\d{1,2}$/.test(text) && Number(text) <= max ? Number(text) : null);

/** The recurrence of an expression: one of the builder if it can express exactly that, else the expression itself.
 * @param {string} expression
 * @returns {Recurrence} */
export function parseQuartz(expression) {
  const other = { every: /** @type {const} */ ('expression'), expression };
  const fields = expression.trim().toUpperCase().split(/\s+/);
  if (fields.length !== 6 || fields[0] !== '0' || fields[4] !== '*') return other;
  const [, minutes, hours, day, , weekday] = fields;
  const daily = (day === '*' && weekday === '?') || (day === '?' && weekday === '*');
  if (hours === '*' && daily) {
    const interval = Number(/^[0*]\/(\d+)$/.exec(minutes)?.[1]);
    if (INTERVALS.includes(interval)) return { every: 'minutes', interval };
    const minute = numberIn(minutes, 59);
    return minute === null ? other : { every: 'hour', minute };
  }
  const [hour, minute] = [numberIn(hours, 23), numberIn(minutes, 59)];
  if (hour === null || minute === null) return other;
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  if (daily) return { every: 'day', time };
  if (day === '?') {
    const days = parseWeekdays(weekday);
    return days ? { every: 'week', days, time } : other;
  }
  if (weekday !== '?') return other;
  if (day === LAST_DAY) return { every: 'month', day, time };
  const date = numberIn(day, 31);
  return date ? { every: 'month', day: String(date), time } : other;
}

/** The days of a list of names and ranges of names, else `null`. */
function parseWeekdays(text) {
  const days = text.split(',').flatMap((part) => {
    const [first, last, ...rest] = part.split('-').map((name) => WEEKDAYS.indexOf(name));
    if (last === undefined) return [first];
    return first < 0 || rest.length > 0 || last < first ? [-1] : WEEKDAYS.slice(first, last + 1).map((_, index) => first + index);
  });
  return days.includes(-1) || new Set(days).size !== days.length ? null : days.map((index) => WEEKDAYS[index]);
}
