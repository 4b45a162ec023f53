// Submit dialog. Fields and JSON show the same request body, which the gateway checks while it is edited.

import { companyQuery, now, send } from '../../api.js';
import { $, h, icon, setText } from '../../dom.js';
import { kindLabel } from '../../format.js';
import { t } from '../../texts.js';
import { problemBox } from '../problem-box.js';
import { answerView } from './answer.js';
import { pathOf, pointerOf, setValue, valueAt } from './body.js';
import { Fields } from './fields.js';
import { JsonView } from './json-view.js';
import { COMMON_KINDS } from './kinds.js';
import { EMPTY, clearMessages, focusFirstError, showMessages } from './messages.js';
import { ScheduleBuilder } from './schedule.js';
import { loadSchemas } from './schemas.js';
import { newJob, retry, runAgain } from './targets.js';

/** Time without a change after which the body is checked, in milliseconds. */
const CHECK_DELAY = 400;
/** Bodies that are kept of submitted jobs, to run them again, and of forms that were closed. */
const MOST_BODIES = 100;
/** Codes after which the job may have been submitted. */
const UNKNOWN_OUTCOME_CODES = ['unreachable', 'timeout', 'upstream-timeout', 'submit-outcome-unknown', 'submit-in-progress'];
/** Statuses of a check that found the request itself, or the job to retry, unfit. */
const REFUSALS = [409, 422];
const ORDER = ['companyHandle', 'userHandle', 'jobName', 'locale', 'execTime', 'execSchedule', 'description'];

/** 128 random bits in hexadecimal digits. `crypto.randomUUID` is unavailable on pages served over plain HTTP. */
function newIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Adds to a map that keeps the latest entries.
 * @param {Map<string, any>} map
 * @param {string} key
 * @param {any} body */
function remember(map, key, body) {
  map.delete(key);
  map.set(key, body);
  if (map.size > MOST_BODIES) map.delete(map.keys().next().value);
}

/** Whether the first of the runs that a check named is past. */
const isPast = (answer) => Date.parse(answer?.nextRuns?.[0]?.utc) <= now();

const isEmpty = (value) => value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

export class SubmitForm {
  /** Bodies of the jobs that this page submitted, by the id of the job: in memory only. @type {Map<string, any>} */
  #submitted = new Map();
  /** Bodies that were entered and not submitted yet, by the purpose of the form and the id of its job. @type {Map<string, any>} */
  #drafts = new Map();
  #key = { text: '', value: '' };
  #requests = new AbortController();
  #timer = 0;
  /** Details of the kinds that were chosen before, by kind. */
  #details = {};
  /** Pointers of the fields that the user changed or left; `#isAllReached` makes all of them so. */
  #reached = new Set();
  #isAllReached = false;
  /** The last answer about a schedule, `null` if it has no runs, and the company and expression that it is about.
   * @type {{ schedule: string, answer: any }} */
  #runs = { schedule: '', answer: null };

  /** `onSubmitted` is called with the submitted job.
   * @param {{ onSubmitted: (job: any) => void }} options */
  constructor({ onSubmitted }) {
    this.onSubmitted = onSubmitted;
    this.dialog = $('submit');
    this.dialog.addEventListener('close', () => this.#stop());
  }

  /** Opens the form with what was entered before for the same purpose.
   * @param {'submit' | 'runAgain' | 'retry'} purpose
   * @param {any} job */
  open(purpose, job) {
    const key = `${purpose} ${job?.id ?? ''}`;
    const submitted = this.#submitted.get(job?.id);
    const target = purpose === 'retry' ? retry(job, submitted) : purpose === 'runAgain' ? runAgain(job, submitted) : newJob();
    return this.#open({ ...target, body: this.#drafts.get(key) ?? target.body, key });
  }

  /** Removes everything that was entered, also from the document. */
  forget() {
    this.#submitted.clear();
    this.#drafts.clear();
    this.#details = {};
    this.#key = { text: '', value: '' };
    this.dialog.replaceChildren();
  }

  async #open(target) {
    this.target = target;
    this.#reached.clear();
    this.#isAllReached = false;
    this.#details = {};
    this.#build();
    this.dialog.showModal();
    this.fieldsArea.append(h('p', { class: 'muted' }, t('submit.loading')));
    try {
      this.schemas = await loadSchemas();
    } catch (problem) {
      this.fieldsArea.replaceChildren(problemBox(problem), h('button', { type: 'button', click: () => this.#open(target) }, t('submit.tryAgain')));
      return;
    }
    if (this.target !== target || !this.dialog.open) return;
    this.fields = new Fields({ schemas: this.schemas, onChange: (path) => this.#fieldChanged(path), isFilledIn: target.isFilledIn });
    this.fields.body = target.body;
    this.#renderFields();
    this.json.show(this.fields.body);
    this.#focusFirst();
    // A new form is complete after its first change only; others say at once what they lack.
    if (target.note !== '' || this.#drafts.has(target.key)) this.#scheduleCheck();
  }

  #focusFirst() {
    (this.fieldsArea.querySelector('[data-pointer="/jobName"] input') ?? this.fieldsArea.querySelector('select, input'))?.focus();
  }

  #build() {
    this.json = new JsonView({ onEdit: (body) => this.#jsonEdited(body) });
    this.schedule = new ScheduleBuilder({ onChange: (execTime, execSchedule) => this.#scheduleChanged(execTime, execSchedule) });
    this.fieldsArea = h('div', { class: 'fields' });
    this.fieldsArea.addEventListener('focusout', (event) => this.#fieldLeft(event));
    this.answer = h('div', { class: 'answer' });
    this.result = h('div', { id: 'submit-result' });
    this.status = h('p', { id: 'submit-status', role: 'status' });
    // Enter in a field must not submit a job.
    this.send = h('button', { id: 'submit-send', type: 'button', class: 'primary', click: () => this.#submit() }, this.target.submitLabel);
    this.form = h('form', { novalidate: true },
      h('header', null, h('h2', { id: 'submit-title' }, this.target.title),
        h('button', { type: 'button', class: 'quiet icon-only', 'aria-label': t('common.close'), click: () => this.dialog.close() }, icon('close'))),
      h('div', { class: 'scrolled' },
        h('div', { class: 'columns' }, this.fieldsArea, h('div', { class: 'side' }, this.json.element, this.answer))),
      h('footer', null, this.result, this.status, h('div', { class: 'buttons end' },
        h('button', { type: 'button', click: () => this.dialog.close() }, t('common.cancel')), this.send)));
    this.form.addEventListener('submit', (event) => event.preventDefault());
    this.dialog.replaceChildren(this.form);
  }

  /** Renders all fields from the body. */
  #renderFields() {
    const { body } = this.fields;
    const kinds = this.schemas.kindsOf(body);
    const kind = kinds.length === 1 ? kinds[0] : '';
    const { shown, groups } = kind ? this.fields.detail(kind) : { shown: [], groups: [] };
    const unknown = this.schemas.unknownMembers(this.schemas.requests.get(kind) ?? {}, body);
    const about = ['locale', 'userHandle'];
    this.schedule.show(body);
    this.fieldsArea.replaceChildren(...[
      this.target.note && h('p', { class: 'note' }, this.target.note),
      this.#kindField(kind),
      ...this.fields.membersOfRequest(kind, ['jobName', 'description']),
      ...shown,
      this.target.isSchedulable && this.schedule.element,
      ...groups,
      this.fields.group('about', about.map((name) => [name]), this.fields.membersOfRequest(kind, about)),
      unknown.length > 0 && h('p', { class: 'note' }, t('submit.unknownMembers'), ' ', unknown.map((pointer) => [h('code', null, pointer), ' '])),
      h('p', { class: 'hint required-hint' }, t('submit.requiredHint')),
    ].filter(Boolean));
  }

  #kindField(kind) {
    const offered = this.schemas.kinds.filter((name) => this.target.kinds?.includes(name) ?? true);
    const option = (name) => h('option', { value: name }, kindLabel(name));
    const common = COMMON_KINDS.filter((name) => offered.includes(name));
    const rest = offered.filter((name) => !common.includes(name));
    const select = h('select', { id: 'submit-kind', 'aria-describedby': 'submit-kind-hint', 'aria-required': 'true', disabled: offered.length === 1 && kind !== '' },
      kind === '' && h('option', { value: '' }, t('submit.choose')),
      h('optgroup', { label: t('submit.commonKinds') }, common.map(option)),
      rest.length > 0 && h('optgroup', { label: t('submit.otherKinds') }, rest.map(option)));
    select.value = kind;
    select.addEventListener('change', () => this.#chooseKind(select.value));
    const schema = this.schemas.requests.get(kind);
    return h('div', { class: 'field' }, h('label', { for: 'submit-kind', class: 'required' }, t('submit.jobType')), select,
      h('p', { class: 'hint', id: 'submit-kind-hint' }, kind && h('code', null, `${kind}Job`), schema?.deprecated && ` · ${t('submit.deprecated')}`));
  }

  #chooseKind(kind) {
    const { body } = this.fields;
    for (const previous of this.schemas.kindsOf(body)) {
      this.#details[previous] = body[`${previous}Job`];
      setValue(body, [`${previous}Job`], undefined);
    }
    setValue(body, [`${kind}Job`], this.#details[kind] ?? this.target.newDetail(kind), ORDER);
    this.#renderFields();
    $('submit-kind').focus();
    this.#bodyChanged();
  }

  #fieldChanged(path) {
    this.#reached.add(pointerOf(path));
    this.#bodyChanged();
  }

  #scheduleChanged(execTime, execSchedule) {
    setValue(this.fields.body, ['execTime'], execTime, ORDER);
    setValue(this.fields.body, ['execSchedule'], execSchedule, ORDER);
    this.#bodyChanged();
  }

  /** A field that was left empty is shown as such. */
  #fieldLeft({ target, relatedTarget }) {
    const pointer = target.closest('[data-pointer]')?.dataset.pointer;
    if (!pointer || relatedTarget === null || this.#reached.has(pointer)) return;
    this.#reached.add(pointer);
    this.#scheduleCheck();
  }

  #jsonEdited(body) {
    const isValid = body !== null;
    this.fieldsArea.inert = !isValid;
    this.#isAllReached = true;
    this.result.replaceChildren();
    if (!isValid) {
      this.#stop();
      this.answer.replaceChildren();
      this.status.dataset.tone = 'danger';
      setText(this.status, t('submit.jsonFirst'));
      return;
    }
    this.fields.body = body;
    this.#renderFields();
    this.#keepDraft();
    this.#scheduleCheck();
  }

  /** After a change by a field: the JSON is written anew. */
  #bodyChanged() {
    this.result.replaceChildren();
    this.json.show(this.fields.body);
    this.#keepDraft();
    this.#scheduleCheck();
  }

  #keepDraft() {
    remember(this.#drafts, this.target.key, this.fields.body);
  }

  /** A changed request needs a new key; an unchanged one keeps its key, so that sending it again submits no second job. */
  #idempotencyKey() {
    const text = `${this.target.path} ${this.json.text}`;
    if (this.#key.text !== text) this.#key = { text, value: newIdempotencyKey() };
    return this.#key.value;
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#requests.abort();
  }

  #scheduleCheck() {
    this.#stop();
    this.#timer = setTimeout(() => this.#check(), CHECK_DELAY);
  }

  /** Asks the gateway about the present body, without sending anything to IPS. */
  async #check() {
    this.#requests = new AbortController();
    const { signal } = this.#requests;
    const { path, query } = this.target.check;
    const schedule = JSON.stringify([companyQuery(), this.fields.body.execSchedule]);
    try {
      const { data } = await send('POST', path, { query: { ...companyQuery(), ...query }, body: this.json.text, signal });
      this.#runs = { schedule, answer: data };
      this.#showAnswer({ answer: data, runs: data });
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      const runs = await this.#runsOfSchedule(schedule, problem, signal);
      if (!signal.aborted) this.#showAnswer({ problem, runs });
    }
  }

  /** What a check says about the schedule alone while only other members are invalid; `null` without an answer. The gateway is asked once about
   * each schedule, since checks count against the rate limit.
   * @param {string} schedule
   * @param {any} problem
   * @param {AbortSignal} signal */
  async #runsOfSchedule(schedule, { document }, signal) {
    const { execSchedule } = this.fields.body;
    const isAnswered = (document?.errors ?? []).some(({ pointer }) => pointer === '/execSchedule');
    if (typeof execSchedule !== 'string' || isAnswered || !document?.errors) return null;
    if (this.#runs.schedule === schedule && !isPast(this.#runs.answer)) return this.#runs.answer;
    const body = JSON.stringify({ jobName: 'schedule', execSchedule, imageServingPublishJob: newJob().newDetail('imageServingPublish') });
    try {
      const { data } = await send('POST', 'jobs/validate', { query: companyQuery(), body, signal });
      this.#runs = { schedule, answer: data };
    } catch (problem) {
      if (problem.status !== 422) return null;
      this.#runs = { schedule, answer: null };
    }
    return this.#runs.answer;
  }

  /** Shows what a check said. */
  #showAnswer({ answer = null, problem = null, runs = null }) {
    const { errors, detail, title } = problem?.document ?? {};
    const messages = this.#showMessages(errors ?? [], answer?.warnings ?? []);
    this.schedule.showRuns(runs);
    this.answer.replaceChildren(...answerView(messages, answer));
    const count = messages.shown + messages.errors.length;
    const isReady = answer && count + messages.pending === 0;
    if (count > 0) setText(this.status, t('submit.errorCount', { count }));
    else if (messages.pending > 0) setText(this.status, t('submit.pendingCount', { count: messages.pending }));
    else if (answer) setText(this.status, this.target.isSchedulable ? t('submit.valid') : t('submit.retryValid', { count: answer.items.length }));
    else setText(this.status, t(REFUSALS.includes(problem.status) ? 'submit.refused' : 'submit.notChecked', { reason: detail ?? title ?? '' }));
    this.status.dataset.tone = isReady ? (messages.warnings.length > 0 ? 'warning' : 'success') : count > 0 ? 'danger' : 'neutral';
  }

  /** Errors of the gateway, and those of required texts that are empty: the gateway leaves most of them to IPS. */
  #showMessages(fromGateway, warnings) {
    const empty = this.#emptyTexts().filter((pointer) => !fromGateway.some((error) => error.pointer === pointer));
    const errors = [...fromGateway, ...empty.map((pointer) => ({ pointer, detail: EMPTY }))];
    const isReached = (pointer) => this.#isAllReached || this.#reached.has(pointer) || !isEmpty(valueAt(this.fields.body, pathOf(pointer)));
    return showMessages(this.form, { errors, warnings, isReached });
  }

  /** Pointers of required texts that are empty, except those that the gateway fills in. */
  #emptyTexts() {
    const { body } = this.fields;
    const [kind = ''] = this.schemas.kindsOf(body);
    return this.schemas.emptyTexts(this.schemas.requests.get(kind) ?? {}, body).filter((pointer) => !this.target.isFilledIn(String(pathOf(pointer).at(-1))));
  }

  /** Shows the required texts that are empty, some of which only IPS would refuse, and has the rest of the body checked. */
  #refuse() {
    const messages = this.#showMessages([], []);
    this.answer.replaceChildren(...answerView(messages, null));
    setText(this.status, t('submit.errorCount', { count: messages.shown + messages.errors.length }));
    this.status.dataset.tone = 'danger';
    focusFirstError(this.form);
    this.#scheduleCheck();
  }

  /** Sends the request, while the button is disabled; not with a required text that is empty. */
  async #submit() {
    if (!this.schemas || !this.json.isValid) return this.json.area.focus();
    this.#stop();
    this.#isAllReached = true;
    this.result.replaceChildren();
    if (this.#emptyTexts().length > 0) return this.#refuse();
    clearMessages(this.form);
    this.send.disabled = true;
    setText(this.status, t('submit.sending'));
    const { target, body } = { target: this.target, body: this.fields.body };
    try {
      const headers = { 'idempotency-key': `"${this.#idempotencyKey()}"` };
      const { data } = await send('POST', target.path, { query: companyQuery(), body: this.json.text, headers });
      this.#finish(target, target.jobOf(data), target.sentBody(body, data));
    } catch (problem) {
      this.#showProblem(problem);
    }
    this.send.disabled = false;
  }

  #finish(target, job, body) {
    remember(this.#submitted, job.id, body);
    this.#drafts.delete(target.key);
    this.dialog.close();
    this.dialog.replaceChildren();
    this.onSubmitted(job);
  }

  /** Shows errors at their fields, all others above the buttons. */
  #showProblem(problem) {
    if (!problem.document) throw problem;
    const { document } = problem;
    const messages = this.#showMessages(document.errors ?? [], []);
    const rest = messages.errors.map(({ location, detail }) => ({ pointer: location, detail }));
    // The detail of an invalid request is the list of its errors.
    const box = problemBox({ document: { ...document, errors: rest, detail: document.errors ? undefined : document.detail } });
    const hint = UNKNOWN_OUTCOME_CODES.includes(problem.code) && h('p', { class: 'fine-print' }, t('submit.sameKey'));
    this.result.replaceChildren(...[box, hint].filter(Boolean));
    setText(this.status, '');
    focusFirstError(this.form);
  }
}
