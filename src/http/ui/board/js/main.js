// Entry point of the board: connects session, store, live updates and views.

import { get, now } from './api.js';
import { $, h, setAttribute, setText } from './dom.js';
import { ATTENTION, Filters } from './filters.js';
import { formatShortTime, OUTCOME_LABELS, typeLabel } from './format.js';
import { JobStore } from './job-store.js';
import { LiveUpdates } from './live-updates.js';
import { session } from './session.js';
import { LANGUAGES, chooseLanguage, currentLanguage, onLanguage, t } from './texts.js';
import { confirmationDialog, doneText, opensForm } from './views/actions.js';
import { renderCharts } from './views/charts.js';
import { JobDetails } from './views/job-details.js';
import { JobTable } from './views/job-table.js';
import { problemBox } from './views/problem-box.js';
import { SignIn } from './views/sign-in.js';
import { SubmitForm } from './views/submit/form.js';

/** Labels of the states of `LiveUpdates`. */
const STATE_LABELS = {
  off: 'Off', connecting: 'Connecting', live: 'Live', polling: 'Polling', failing: 'No updates', offline: 'No connection', paused: 'Paused',
  background: 'In background',
};
/**
 * Time that a hidden page is kept up to date, in milliseconds. Browsers limit the connections to a host, and each open stream occupies one.
 */
const BACKGROUND_TIMEOUT = 60_000;
/** Time that a notification is shown, in milliseconds. */
const NOTIFICATION_TIME = 6_000;
const REGION_NAMES = { na: 'North America', emea: 'Europe, Middle East, Africa', apac: 'Asia Pacific' };
const PHASES = ['active', 'scheduled', 'completed'];

const store = new JobStore();
const filters = new Filters();
const updates = new LiveUpdates(store);
/** Phases whose jobs have been loaded. */
const loadedPhases = new Set();

const confirmAction = confirmationDialog((action, job, updated) => {
  notify(doneText(action, job));
  if (action === 'delete') {
    store.remove(job.id);
    if (filters.get('job') === job.id) filters.set({ job: '' });
  } else if (updated) store.upsert(updated);
  updates.refresh();
});
const openJob = (job) => filters.set({ job: job.id }, 'push');
const submitForm = new SubmitForm({
  onSubmitted: (job) => {
    notify(`“${job.title}” is submitted.`);
    store.upsert(job);
    updates.refresh();
    openJob(job);
  },
});
const onAction = (job, action) => {
  if (!opensForm(action)) return confirmAction(job, action);
  return action === 'retry' ? submitForm.openRetry(job) : submitForm.openCopy(job);
};
const table = new JobTable({ onSort: (sort) => filters.set({ sort }), onOpen: openJob, confirmAction: onAction });
const details = new JobDetails({
  findJob: (id) => store.get(id),
  onClose: () => filters.get('job') && filters.set({ job: '' }),
  confirmAction: onAction,
});

let signIn = null;

/** Shows a notification; screen readers announce it. */
function notify(text) {
  const notification = h('p', null, text);
  $('notifications').append(notification);
  setTimeout(() => notification.remove(), NOTIFICATION_TIME);
}

function renderEnvironment({ environment, region, version }) {
  const badge = $('environment');
  badge.textContent = [environment, region].filter(Boolean).join(' · ');
  badge.dataset.environment = environment;
  badge.title = REGION_NAMES[region] ?? { demo: 'In-memory sandbox with sample data', custom: 'IPS at a custom address' }[environment] ?? '';
  badge.hidden = false;
  setText($('version'), `ips-gateway ${version}`);
}

/** Opens the board for the session's company. */
function openBoard() {
  $('board').hidden = false;
  document.body.dataset.view = 'board';
  filters.set({ company: session.companies.length > 1 ? session.company : '' });
  const company = session.companies.find(({ companyHandle }) => companyHandle === session.company);
  const name = company?.name ?? session.company;
  $('open-submit').hidden = !session.maySubmit;
  setText($('user'), session.user ?? 'Signed in');
  $('company').replaceChildren(...session.companies.map((company) => h('option', { value: company.companyHandle }, company.name ?? company.companyHandle)));
  $('company').value = session.company;
  $('company-field').hidden = session.companies.length < 2;
  setText($('company-name'), session.companies.length < 2 ? `· ${name}` : '');
  $('mine-field').hidden = session.user === null;
  loadedPhases.clear();
  store.clear();
  updates.start();
  details.show(filters.get('job'));
}

/** Ends the session and shows the sign-in form, with the problem that ended it if there is one. */
function signOut(problem) {
  updates.stop('off');
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  submitForm.forget();
  session.clear();
  store.clear();
  table.render([], filters.get('sort'), now());
  $('board').hidden = true;
  document.body.dataset.view = 'sign-in';
  signIn.show(problem);
}

let renderPending = false;

/** Renders the board, once for all changes of the current task. */
function render() {
  if (renderPending) return;
  renderPending = true;
  queueMicrotask(() => {
    renderPending = false;
    if (!session.isSignedIn) return;
    const time = now();
    const matching = filters.matching(store.jobs);
    const jobs = filters.sorted(filters.inPhase(matching), time);
    table.render(jobs, filters.get('sort'), time);
    renderFilters(matching);
    renderPlaceholder(jobs);
    details.update(store.get(filters.get('job')));
    // Without the completed jobs the charts would be wrong.
    if (loadedPhases.has('completed')) renderCharts(() => store.jobs, now);
  });
}

function renderFilters(matching) {
  for (const phase of ['', ...PHASES]) {
    const button = document.querySelector(`[data-phase="${phase}"]`);
    setAttribute(button, 'aria-pressed', String(filters.get('phase') === phase));
    const count = phase ? matching.filter((job) => job.phase === phase).length : matching.length;
    setText(button.querySelector('.figure'), count.toLocaleString());
  }
  const types = [...new Set([...store.jobs].map(typeLabel))].sort();
  const selected = filters.get('kind');
  if (selected && !types.includes(selected)) types.push(selected);
  if ([...$('kind').options].slice(1).map((option) => option.value).join() !== types.join()) {
    $('kind').replaceChildren(h('option', { value: '' }, 'All types'), ...types.map((type) => h('option', { value: type }, type)));
  }
  $('kind').value = selected;
  $('outcome').value = filters.get('outcome');
  $('mine').checked = filters.get('mine') !== '';
  if (document.activeElement !== $('text')) $('text').value = filters.get('q');
  $('clear').hidden = !filters.isFiltering;
  const running = [...store.jobs].filter((job) => job.status === 'running').length;
  const title = running > 0 ? `(${running}) Jobs – ips-gateway` : 'Jobs – ips-gateway';
  if (document.title !== title) document.title = title;
}

/** Shows the loading or the empty placeholder in place of an empty table. */
function renderPlaceholder(jobs) {
  const isLoading = loadedPhases.size < PHASES.length && updates.isRunning && updates.problem === null;
  $('loading').hidden = !isLoading || store.size > 0;
  $('empty').hidden = jobs.length > 0 || isLoading;
  $('older').hidden = !updates.hasOlder || !['', 'completed'].includes(filters.get('phase'));
  $('older').disabled = updates.isLoadingOlder;
  setText($('older'), updates.isLoadingOlder ? 'Loading older jobs…' : 'Load older jobs');
  setText($('empty-text'), store.size === 0 ? 'No jobs yet' : filters.isFiltering ? 'No jobs match these filters' : 'No jobs in this phase');
  $('empty-clear').hidden = !filters.isFiltering;
}

/** Shows the state of the live updates, and the reason in the banner when the jobs are out of date. */
function renderState() {
  const { state, staleSince, denied, problem, retryAt } = updates;
  const isStale = staleSince !== null && updates.isRunning;
  $('state').dataset.state = isStale && state === 'live' ? 'failing' : state;
  setText($('state-text'), isStale && state === 'live' ? 'Out of date' : STATE_LABELS[state]);
  const isPaused = state === 'paused';
  setAttribute($('pause'), 'aria-pressed', String(isPaused));
  setText($('pause-text'), isPaused ? 'Resume updates' : 'Pause updates');
  setAttribute($('pause-icon'), 'href', isPaused ? '#i-resume' : '#i-pause');
  const isDegraded = problem !== null && (['connecting', 'polling', 'failing', 'offline'].includes(state) || (state === 'live' && updates.isIncomplete));
  const isUnreachable = isDegraded && problem.isOffline;
  $('banner').hidden = !isStale && !isDegraded && denied.size === 0;
  // A gateway that can't be reached says nothing about IPS.
  if (isStale && !isUnreachable) {
    $('banner').replaceChildren(h('strong', null, 'IPS is not responding.'), ` Showing jobs as of ${formatShortTime(Date.parse(staleSince), now())}.`);
  } else if (isDegraded) {
    const { title, detail, code } = problem.document;
    $('banner').replaceChildren(h('strong', null, `${title}.`), ` ${detail ?? ''} `, h('span', { class: 'fine-print' }, code),
      isUnreachable && updates.lastContact !== null ? ` Showing jobs as of ${formatShortTime(updates.lastContact, now())}.` : '',
      retryAt === null ? '' : ` Retrying at ${formatShortTime(retryAt, now())}.`);
  } else if (denied.size > 0) {
    const phases = PHASES.filter((phase) => denied.has(phase)).join(', ');
    $('banner').replaceChildren(h('strong', null, 'Not all jobs are shown.'), ` Your IPS role does not permit you to see these phases: ${phases}.`);
  }
  if (session.isSignedIn) renderPlaceholder(table.body.children);
}

updates.addEventListener('change', renderState);
updates.addEventListener('list', ({ detail: phases }) => {
  phases.forEach((phase) => loadedPhases.add(phase));
  renderState();
  render();
});
updates.addEventListener('problem', ({ detail: problem }) => {
  if (problem.status === 401) signOut(problem);
  else if (problem.code === 'company-required') {
    updates.stop('off');
    $('board').hidden = true;
    signIn.chooseCompany(problem.document.companies ?? session.companies);
  }
});
store.addEventListener('change', render);
filters.addEventListener('change', () => {
  if (!session.isSignedIn) return;
  details.show(filters.get('job'));
  render();
});

document.querySelectorAll('[data-phase]').forEach((button) => button.addEventListener('click', () => filters.set({ phase: button.dataset.phase })));
$('kind').addEventListener('change', () => filters.set({ kind: $('kind').value }));
$('outcome').append(h('option', { value: ATTENTION }, 'Needs attention'), ...OUTCOME_LABELS.map(([outcome, label]) => h('option', { value: outcome }, label)));
$('outcome').addEventListener('change', () => filters.set({ outcome: $('outcome').value }));
$('mine').addEventListener('change', () => filters.set({ mine: $('mine').checked ? '1' : '' }));
$('text').addEventListener('input', () => filters.set({ q: $('text').value.trim() }));
for (const id of ['clear', 'empty-clear']) {
  $(id).addEventListener('click', () => {
    $('text').value = '';
    filters.set({ kind: '', outcome: '', mine: '', q: '' });
    $('text').focus();
  });
}
$('company').addEventListener('change', () => {
  updates.stop('off');
  session.company = $('company').value;
  filters.set({ job: '' });
  openBoard();
});
$('pause').addEventListener('click', () => (updates.state === 'paused' ? updates.start() : updates.stop('paused')));
$('older').addEventListener('click', () => updates.loadOlder());
$('open-submit').addEventListener('click', () => submitForm.open());
$('sign-out').addEventListener('click', () => signOut());
addEventListener('online', () => updates.isRunning && updates.state !== 'live' && updates.start());

$('language').append(...Object.entries(LANGUAGES).map(([code, name]) => h('option', { value: code, lang: code }, name)));
$('language').addEventListener('change', () => chooseLanguage($('language').value));
onLanguage(() => {
  $('language').value = currentLanguage();
  const toggle = document.querySelector('[data-theme-toggle]');
  Object.assign(toggle.dataset, { lightLabel: t('theme.light'), darkLabel: t('theme.dark') });
});

let backgroundTimer = null;
document.addEventListener('visibilitychange', () => {
  clearTimeout(backgroundTimer);
  if (document.hidden) backgroundTimer = setTimeout(() => updates.isRunning && updates.stop('background'), BACKGROUND_TIMEOUT);
  else if (updates.state === 'background') updates.start();
});

setInterval(() => updates.isRunning && !document.hidden && table.tick(now()), 1_000);

try {
  const { data: config } = await get('board/config.json');
  renderEnvironment(config);
  signIn = new SignIn({ config, preferredCompany: () => filters.get('company'), onDone: openBoard });
  signOut();
} catch (problem) {
  $('fatal').replaceChildren(problemBox(problem));
}
