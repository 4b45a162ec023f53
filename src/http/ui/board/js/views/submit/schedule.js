// Schedule builder: now, once at a time, or recurring by a Quartz expression that is built from simple choices. Shows the next runs in two time zones.

import { h } from '../../dom.js';
import { t } from '../../texts.js';
import { INTERVALS, LAST_DAY, NEW_RECURRENCES, WEEKDAYS, formatQuartz, parseQuartz } from './quartz.js';
import { browserZone, formatHere, formatThere, formatUtc, fromInput, parseTime, toInput, weekdayNames } from './zones.js';

/** Number of runs that are shown. */
const RUNS_SHOWN = 5;
/** Distance of the proposed start time from now, in milliseconds. */
const PROPOSED_DELAY = 60 * 60 * 1000;

const label = (text, control) => h('label', null, h('span', null, text), control);

export class ScheduleBuilder {
  #mode = 'now';
  /** @type {import('./quartz.js').Recurrence} */
  #recurrence = NEW_RECURRENCES.day;
  #time = '';

  /** `onChange` is called with the new `execTime` and `execSchedule`, each of which may be `undefined`.
   * @param {{ onChange: (execTime: string | undefined, execSchedule: string | undefined) => void }} options */
  constructor({ onChange }) {
    this.onChange = onChange;
    this.element = h('section', { class: 'schedule', 'aria-labelledby': 'schedule-title' });
    this.runs = h('div', { class: 'runs', 'aria-live': 'polite' });
  }

  /** Shows the schedule of a body.
   * @param {{ execTime?: unknown, execSchedule?: unknown }} body */
  show({ execTime, execSchedule }) {
    this.#mode = execSchedule !== undefined ? 'recurring' : execTime !== undefined ? 'once' : 'now';
    if (execTime !== undefined) this.#time = String(execTime);
    if (execSchedule !== undefined) this.#recurrence = parseQuartz(String(execSchedule));
    this.#render();
  }

  #choose(mode) {
    this.#mode = mode;
    if (mode === 'once' && parseTime(this.#time) === null) this.#time = fromInput(toInput(new Date(Date.now() + PROPOSED_DELAY)));
    this.#render();
    this.element.querySelector(`input[value="${mode}"]`)?.focus();
    this.#report();
  }

  #report() {
    this.onChange(this.#mode === 'once' ? this.#time : undefined, this.#mode === 'recurring' ? formatQuartz(this.#recurrence) : undefined);
    const expression = this.element.querySelector('.expression code');
    if (expression) expression.textContent = formatQuartz(this.#recurrence);
  }

  #render() {
    const mode = (value, text) => h('label', null,
      h('input', { type: 'radio', name: 'schedule', value, checked: this.#mode === value, change: () => this.#choose(value) }), h('span', null, text));
    this.runs.replaceChildren();
    this.element.replaceChildren(
      h('h3', { id: 'schedule-title' }, t('schedule.title')),
      h('fieldset', { class: 'segmented' }, h('legend', { class: 'visually-hidden' }, t('schedule.title')),
        mode('now', t('schedule.now')), mode('once', t('schedule.once')), mode('recurring', t('schedule.recurring'))),
      ...(this.#mode === 'once' ? [this.#once()] : this.#mode === 'recurring' ? [this.#recurring(), this.runs] : []));
  }

  #once() {
    const time = parseTime(this.#time);
    const isReadable = time !== null || this.#time === '';
    const hint = h('p', { class: 'hint', id: 'schedule-time-hint' });
    const showHint = () => {
      const date = parseTime(this.#time);
      hint.textContent = date ? t('schedule.onceHint', { zone: browserZone(), utc: formatUtc(date) }) : t('schedule.yourZone', { zone: browserZone() });
    };
    const input = h('input', {
      id: 'schedule-time', type: isReadable ? 'datetime-local' : 'text', 'data-control': '', 'aria-describedby': 'schedule-time-hint schedule-time-messages',
      value: time ? toInput(time) : this.#time, autocomplete: 'off',
      input: (event) => {
        this.#time = isReadable ? fromInput(event.target.value) : event.target.value;
        showHint();
        this.#report();
      },
    });
    showHint();
    return h('div', { class: 'field', 'data-pointer': '/execTime' }, h('label', { for: 'schedule-time' }, t('schedule.time')), input, hint,
      h('div', { class: 'messages', id: 'schedule-time-messages' }));
  }

  #recurring() {
    const recurrence = this.#recurrence;
    const every = h('select', {
      id: 'schedule-every', 'data-control': '', 'aria-describedby': 'schedule-hint schedule-messages',
      change: () => {
        const expression = formatQuartz(this.#recurrence);
        this.#recurrence = every.value === 'expression' ? { every: 'expression', expression } : structuredClone(NEW_RECURRENCES[every.value]);
        this.#render();
        this.element.querySelector('#schedule-every')?.focus();
        this.#report();
      },
    }, [...Object.keys(NEW_RECURRENCES), 'expression'].map((name) => h('option', { value: name }, t(/** @type {any} */ (`scheduleEvery.${name}`)))));
    every.value = recurrence.every;
    this.zone = h('p', { class: 'hint', id: 'schedule-hint' }, t('schedule.serverZone'));
    return h('div', { class: 'field', 'data-pointer': '/execSchedule' },
      h('div', { class: 'recurrence' }, label(t('schedule.every'), every), this.#parts(recurrence)),
      recurrence.every !== 'expression' && h('p', { class: 'expression fine-print' }, t('schedule.expression'), ': ', h('code', null, formatQuartz(recurrence))),
      this.zone, h('div', { class: 'messages', id: 'schedule-messages' }));
  }

  /** The controls of a recurrence. */
  #parts(recurrence) {
    const changed = (change) => (event) => {
      change(event.target.value);
      this.#report();
    };
    const time = () => label(t('schedule.at'), h('input', {
      type: 'time', value: recurrence.time, required: true, input: changed((value) => value && (recurrence.time = value.slice(0, 5))),
    }));
    switch (recurrence.every) {
      case 'minutes': {
        const interval = h('select', { change: changed((value) => (recurrence.interval = Number(value))) },
          INTERVALS.map((minutes) => h('option', { value: minutes }, t('schedule.minutes', { count: minutes }))));
        interval.value = String(recurrence.interval);
        return [label(t('schedule.interval'), interval)];
      }
      case 'hour': return [label(t('schedule.minute'), h('input', {
        type: 'number', min: 0, max: 59, value: recurrence.minute, input: changed((value) => (recurrence.minute = Math.min(59, Math.max(0, Math.trunc(Number(value)))))),
      }))];
      case 'day': return [time()];
      case 'week': return [this.#weekdays(recurrence), time()];
      case 'month': {
        const days = Array.from({ length: 31 }, (_, index) => String(index + 1));
        const day = h('select', { change: changed((value) => (recurrence.day = value)) },
          days.map((number) => h('option', { value: number }, number)), h('option', { value: LAST_DAY }, t('schedule.lastDay')));
        day.value = recurrence.day;
        return [label(t('schedule.day'), day), time()];
      }
      default: return [label(t('schedule.expression'), h('input', {
        class: 'code', value: recurrence.expression, autocomplete: 'off', spellcheck: 'false', placeholder: '0 30 2 * * ?',
        input: changed((value) => (recurrence.expression = value)),
      }))];
    }
  }

  #weekdays(recurrence) {
    const long = weekdayNames('long');
    return h('fieldset', { class: 'weekdays segmented' }, h('legend', { class: 'visually-hidden' }, t('schedule.days')),
      weekdayNames('short').map((name, index) => {
        const day = WEEKDAYS[index];
        return h('label', null, h('input', {
          type: 'checkbox', 'aria-label': long[index], checked: recurrence.days.includes(day),
          change: (event) => {
            recurrence.days = WEEKDAYS.filter((other) => (other === day ? event.target.checked : recurrence.days.includes(other)));
            this.#report();
          },
        }), h('span', { 'aria-hidden': 'true' }, name));
      }));
  }

  /** Shows the runs of a validation of the present schedule; none without an answer.
   * @param {{ nextRuns?: { local: string, utc?: string }[], timeZone?: string } | null} validation */
  showRuns(validation) {
    const runs = (validation?.nextRuns ?? []).slice(0, RUNS_SHOWN);
    if (this.#mode !== 'recurring') return;
    const zone = validation?.timeZone;
    if (validation && this.zone) this.zone.textContent = zone ? t('schedule.serverZoneNamed', { zone }) : t('schedule.serverZoneUnknown');
    if (runs.length === 0) return this.runs.replaceChildren();
    const here = (utc) => (utc ? formatHere(new Date(utc)) : t('schedule.unknownHere'));
    this.runs.replaceChildren(h('table', null,
      h('caption', null, t('schedule.nextRuns')),
      h('thead', null, h('tr', null,
        h('th', { scope: 'col' }, zone ? t('schedule.atServer', { zone }) : t('schedule.atServerUnknown')),
        h('th', { scope: 'col' }, t('schedule.here', { zone: browserZone() })))),
      h('tbody', null, runs.map((run) => h('tr', null, h('td', null, formatThere(run.local)), h('td', null, here(run.utc)))))));
  }
}
