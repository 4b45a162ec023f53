// Entry point of the board: connects session, store, live updates, history and views.

import { get, now } from './api.js';
import { $, h, setText } from './dom.js';
import { Filters } from './filters.js';
import { History } from './jobs/history.js';
import { JobStore } from './jobs/store.js';
import { LiveUpdates } from './jobs/live-updates.js';
import { session } from './session.js';
import { LANGUAGES, chooseLanguage, currentLanguage, onLanguage, t, textOf } from './texts.js';
import { confirmationDialog, doneText, opensForm } from './views/actions.js';
import { renderCharts } from './views/charts.js';
import { FilterBar, PHASES } from './views/filter-bar.js';
import { JobDetails } from './views/details/job-details.js';
import { JobTable, whenNear } from './views/job-table.js';
import { problemBox } from './views/problem-box.js';
import { SignIn } from './views/sign-in/form.js';
import { end, followOtherTabs } from './views/sign-in/kept-session.js';
import { renderState } from './views/state-bar.js';
import { SubmitForms } from './views/submit-forms.js';
import { notify } from './views/toast.js';
import { EndedAway } from './views/watch/ended-away.js';
import { watch } from './views/watch/watched-jobs.js';

/**
 * Time that a hidden page is kept up to date, in milliseconds. Browsers limit the connections to a host, and each open stream occupies one.
 */
const BACKGROUND_TIMEOUT = 60_000;
/** Phases with completed jobs, below which the table goes on with older ones. */
const PHASES_WITH_HISTORY = ['', 'completed'];
/** Time without a change of the filters after which the history is searched, in milliseconds: not for each key of a text. */
const SEARCH_DELAY = 400;

const store = new JobStore();
const filters = new Filters();
const updates = new LiveUpdates(store);
const history = new History();
/** Phases whose jobs have been loaded. */
const loadedPhases = new Set();

const findJob = (id) => store.get(id) ?? history.get(id);

const confirmAction = confirmationDialog((action, job, updated) => {
  notify(doneText(action, job));
  if (action === 'delete') {
    store.remove(job.id);
    if (filters.get('job') === job.id) filters.set({ job: '' });
  } else if (updated) store.upsert(updated);
  updates.refresh();
});
const openJob = (job) => filters.set({ job: job.id }, 'push');
const submitForms = new SubmitForms({
  onSubmitted: (job) => {
    notify(t('board.submitted', { name: job.title }));
    store.upsert(job);
    updates.refresh();
    openJob(job);
  },
});
const onAction = (job, action) => {
  if (opensForm(action)) submitForms.open(action, job);
  else confirmAction(job, action);
};
const table = new JobTable({ onSort: (sort) => filters.set({ sort }), onOpen: openJob, confirmAction: onAction });
const filterBar = new FilterBar(filters);
const details = new JobDetails({
  findJob,
  onOpen: openJob,
  onClose: () => filters.get('job') && filters.set({ job: '' }),
  confirmAction: onAction,
});

const endedAway = new EndedAway({ onOpen: openJob });

let signIn = null;

function renderEnvironment({ environment, region, version }) {
  const badge = $('environment');
  badge.dataset.environment = environment;
  badge.hidden = false;
  setText($('version'), `ips-gateway ${version}`);
  onLanguage(() => {
    setText(badge, [textOf(`environment.${environment}`) ?? environment, region].filter(Boolean).join(' · '));
    badge.title = textOf(`region.${region}`) ?? textOf(`environmentHint.${environment}`) ?? '';
  });
}

const renderUser = () => setText($('user'), session.user ?? t('session.signedIn'));

/** Opens the board for the session's company. */
function openBoard() {
  $('board').hidden = false;
  document.body.dataset.view = 'board';
  filters.set({ company: session.companies.length > 1 ? session.company : '' });
  const company = session.companies.find(({ companyHandle }) => companyHandle === session.company);
  const name = company?.name ?? session.company;
  $('open-submit').hidden = !session.maySubmit;
  renderUser();
  $('company').replaceChildren(...session.companies.map((company) => h('option', { value: company.companyHandle }, company.name ?? company.companyHandle)));
  $('company').value = session.company;
  $('company-field').hidden = session.companies.length < 2;
  setText($('company-name'), session.companies.length < 2 ? `· ${name}` : '');
  loadedPhases.clear();
  store.clear();
  history.clear();
  searchHistory();
  endedAway.clear();
  watch.stopReading();
  updates.start();
  details.show(filters.get('job'));
}

/** Ends the session and shows the sign-in form, with the problem that ended it if there is one. */
function signOut(problem) {
  updates.stop('off');
  document.querySelectorAll('dialog').forEach((dialog) => dialog.close());
  submitForms.forget();
  endedAway.clear();
  watch.stopReading();
  session.clear();
  store.clear();
  history.clear();
  table.render([], filters.get('sort'), now());
  $('board').hidden = true;
  document.body.dataset.view = 'sign-in';
  signIn.show(problem);
}

/** All known jobs: those of the live lists, and the older ones that the filters select. */
const knownJobs = () => {
  const jobs = [...store.jobs];
  for (const job of history.jobs) if (store.get(job.id) === undefined) jobs.push(job);
  return jobs;
};

let renderPending = false;

/** Renders the board, once for all changes of the current task. */
function render() {
  if (renderPending) return;
  renderPending = true;
  queueMicrotask(() => {
    renderPending = false;
    if (!session.isSignedIn) return;
    const time = now();
    const known = knownJobs();
    const matching = filters.matching(known);
    const jobs = filters.sorted(filters.inPhase(matching), time);
    table.render(jobs, filters.get('sort'), time);
    filterBar.render(known, matching);
    renderPlaceholder(jobs.length);
    renderTitle();
    details.update(findJob(filters.get('job')));
    // Without the completed jobs the charts would be wrong.
    if (loadedPhases.has('completed')) renderCharts(() => store.jobs, now);
  });
}

function renderTitle() {
  const running = [...store.jobs].filter((job) => job.status === 'running').length;
  const title = watch.title || (running > 0 ? t('page.titleRunning', { count: running }) : t('page.title'));
  if (document.title !== title) document.title = title;
}

/** Shows the loading or the empty placeholder in place of an empty table, and what follows its last row. */
function renderPlaceholder(count) {
  const isLoading = loadedPhases.size < PHASES.length && updates.isRunning && updates.problem === null;
  $('loading').hidden = !isLoading || store.size > 0;
  const hasHistory = PHASES_WITH_HISTORY.includes(filters.get('phase'));
  const isSearching = hasHistory && history.isLoading;
  $('empty').hidden = count > 0 || isLoading || isSearching;
  $('older').hidden = !hasHistory || !history.hasMore;
  $('older').disabled = history.isLoading;
  setText($('older'), history.isLoading ? t('list.loadingOlder') : filters.isFiltering ? t('list.searchOlder') : t('list.older'));
  $('older-problem').replaceChildren(...(hasHistory && history.problem ? [problemBox(history.problem)] : []));
  setText($('empty-text'), store.size === 0 ? t('list.none') : filters.isFiltering ? t('list.noneMatching') : t('list.noneInPhase'));
  $('empty-clear').hidden = !filters.isFiltering;
}

function renderUpdates() {
  renderState(updates);
  if (session.isSignedIn) renderPlaceholder(table.body.childElementCount);
}

updates.addEventListener('change', renderUpdates);
updates.addEventListener('list', (/** @type {any} */ { detail: { phases, list } }) => {
  phases.forEach((phase) => loadedPhases.add(phase));
  if (phases.includes('completed')) history.follow(list);
  if (loadedPhases.size === PHASES.length) watch.readUnseen(session.company, (id) => store.get(id));
  renderUpdates();
  render();
});
const onProblem = (/** @type {any} */ { detail: problem }) => {
  if (problem.status === 401 && session.fallBack()) {
    updates.stop('off');
    setTimeout(() => session.isSignedIn && updates.start());
  } else if (problem.status === 401) signOut(problem);
  else if (problem.code === 'company-required') {
    updates.stop('off');
    $('board').hidden = true;
    signIn.chooseCompany(problem.document.companies ?? session.companies);
  }
};
updates.addEventListener('problem', onProblem);
history.addEventListener('problem', onProblem);
store.addEventListener('change', () => {
  watch.check((id) => store.get(id));
  render();
});
watch.addEventListener('change', render);
watch.addEventListener('away', (/** @type {any} */ { detail: { jobs } }) => endedAway.show(jobs));
watch.onOpen = openJob;

let searchTimer = null;

/** Loads older jobs as the user scrolls, in the order in which they come last. */
const lookAgain = whenNear($('older'), () => {
  if (searchTimer === null && !$('older').hidden && filters.isNewestFirst && history.isAutomatic) history.load();
});

/** Selects the older jobs by the filters. */
function searchHistory() {
  clearTimeout(searchTimer);
  searchTimer = null;
  history.select(filters.historyQuery);
  lookAgain();
}

history.addEventListener('change', () => {
  render();
  if (!history.isLoading) lookAgain();
});
$('older').addEventListener('click', () => {
  searchHistory();
  history.load();
});

filters.addEventListener('change', () => {
  if (!session.isSignedIn) return;
  clearTimeout(searchTimer);
  searchTimer = setTimeout(searchHistory, SEARCH_DELAY);
  details.show(filters.get('job'));
  render();
});

$('company').addEventListener('change', () => {
  updates.stop('off');
  session.company = $('company').value;
  filters.set({ job: '' });
  openBoard();
});
$('pause').addEventListener('click', () => (updates.state === 'paused' ? updates.start() : updates.stop('paused')));
$('open-submit').addEventListener('click', () => submitForms.open('submit'));
$('sign-out').addEventListener('click', () => {
  end();
  watch.clear();
  signOut();
});
followOtherTabs(() => signOut());
addEventListener('online', () => updates.isRunning && updates.state !== 'live' && updates.start());

$('language').append(...Object.entries(LANGUAGES).map(([code, name]) => h('option', { value: code, lang: code }, name)));
$('language').addEventListener('change', () => chooseLanguage($('language').value).catch(() => {
  $('language').value = currentLanguage();
  notify(t('problem.unreachable'));
}));
onLanguage(() => {
  $('language').value = currentLanguage();
  renderUser();
  renderTitle();
  renderUpdates();
  render();
});

let backgroundTimer = null;
document.addEventListener('visibilitychange', () => {
  clearTimeout(backgroundTimer);
  const pause = () => updates.isRunning && !watch.isWaiting(findJob) && updates.stop('background');
  if (document.hidden) backgroundTimer = setTimeout(pause, BACKGROUND_TIMEOUT);
  else if (updates.state === 'background') updates.start();
});

setInterval(() => updates.isRunning && !document.hidden && table.tick(now()), 1_000);

try {
  const { data: config } = await get('board/config.json');
  renderEnvironment(config);
  signIn = new SignIn({ config, preferredCompany: () => filters.get('company'), onDone: openBoard });
  await signIn.start();
} catch (problem) {
  $('fatal').replaceChildren(problemBox(problem));
}
