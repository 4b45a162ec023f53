// The board: who is signed in, what is known, what is shown.

import { confirmation, doneText } from './actions.js';
import { get, now } from './api.js';
import { drawCharts } from './charts.js';
import { Details } from './details.js';
import { $, h, setAttribute, setText } from './dom.js';
import { Filters } from './filters.js';
import { Live } from './live.js';
import { problemBox } from './problem.js';
import { session } from './session.js';
import { SignIn } from './sign-in.js';
import { Store } from './store.js';
import { SubmitForm } from './submit.js';
import { Table } from './table.js';
import { kindOf, shortTime } from './words.js';

const STATES = {
  off: 'Off', connecting: 'Connecting', live: 'Live', polling: 'Polling', failing: 'No updates', offline: 'No connection', paused: 'Paused', resting: 'Resting',
};
/** So long a page may be out of sight and still be kept up to date: a browser has few connections, and each open page takes one. */
const REST_AFTER = 60_000;
const REGIONS = { na: 'North America', emea: 'Europe, Middle East, Africa', apac: 'Asia Pacific' };
const PHASES = ['', 'active', 'scheduled', 'completed'];

const store = new Store();
const filters = new Filters();
const live = new Live(store);
const listed = new Set();

const ask = confirmation((action, job, after) => {
  say(doneText(action, job));
  if (action === 'delete') {
    store.remove(job.id);
    if (filters.get('job') === job.id) filters.set({ job: '' });
  } else if (after) store.put(after);
  live.refresh();
});
const open = (job) => filters.set({ job: job.id }, 'push');
const table = new Table({ sort: (sort) => filters.set({ sort }), open, ask });
const details = new Details({ find: (id) => store.job(id), close: () => filters.get('job') && filters.set({ job: '' }), ask });
const submit = new SubmitForm({
  done: (job) => {
    say(`“${job.originalName ?? job.jobName}” is submitted.`);
    store.put(job);
    live.refresh();
    open(job);
  },
});

let signIn = null;

/** For everybody, those who listen included. */
function say(text) {
  const notice = h('p', null, text);
  $('notices').append(notice);
  setTimeout(() => notice.remove(), 6_000);
}

function showBadge({ environment, region, version }) {
  const badge = $('environment');
  badge.textContent = [environment, region].filter(Boolean).join(' · ');
  badge.dataset.environment = environment;
  badge.title = REGIONS[region] ?? { demo: 'A sandbox in memory: nothing is real', custom: 'An IPS at an address of its own' }[environment] ?? '';
  badge.hidden = false;
  setText($('version'), `ips-gateway ${version}`);
}

function enter() {
  $('board').hidden = false;
  document.body.dataset.view = 'board';
  filters.set({ company: session.companies.length > 1 ? session.company : '' });
  const name = session.companies.find(({ companyHandle }) => companyHandle === session.company)?.name ?? session.company;
  setText($('who'), session.user ?? 'Signed in');
  $('company').replaceChildren(...session.companies.map((company) => h('option', { value: company.companyHandle }, company.name ?? company.companyHandle)));
  $('company').value = session.company;
  $('company-field').hidden = session.companies.length < 2;
  setText($('company-name'), session.companies.length < 2 ? `· ${name}` : '');
  $('mine-field').hidden = session.user === null;
  listed.clear();
  store.clear();
  live.start();
  details.show(filters.get('job'));
}

function leave(problem) {
  live.stop('off');
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
  session.end();
  store.clear();
  table.render([], filters.get('sort'), now());
  $('board').hidden = true;
  document.body.dataset.view = 'sign-in';
  signIn.show(problem);
}

/** Once for however many reasons there are to render. */
let isToRender = false;
function render() {
  if (isToRender) return;
  isToRender = true;
  queueMicrotask(() => {
    isToRender = false;
    if (!session.isOpen) return;
    const at = now();
    const passing = filters.ofAnyPhase(store.jobs);
    const jobs = filters.sorted(filters.ofPhase(passing), at);
    table.render(jobs, filters.get('sort'), at);
    showFilters(passing);
    showEmptiness(jobs);
    details.update(store.job(filters.get('job')));
    // Before the log has come, “nothing” would be wrong.
    if (listed.has('completed')) drawCharts(() => store.jobs, now);
  });
}

function showFilters(passing) {
  for (const phase of PHASES) {
    const button = document.querySelector(`[data-phase="${phase}"]`);
    setAttribute(button, 'aria-pressed', String(filters.get('phase') === phase));
    const count = phase ? passing.filter((job) => job.phase === phase).length : passing.length;
    setText(button.querySelector('.figure'), count.toLocaleString());
  }
  const kinds = [...new Set([...store.jobs].map(kindOf))].sort();
  const chosen = filters.get('kind');
  if (chosen && !kinds.includes(chosen)) kinds.push(chosen);
  if ([...$('kind').options].slice(1).map((option) => option.value).join() !== kinds.join()) {
    $('kind').replaceChildren(h('option', { value: '' }, 'All types'), ...kinds.map((kind) => h('option', { value: kind }, kind)));
  }
  $('kind').value = chosen;
  $('mine').checked = filters.get('mine') !== '';
  if (document.activeElement !== $('text')) $('text').value = filters.get('q');
  $('clear').hidden = !filters.isNarrow;
  const running = [...store.jobs].filter((job) => job.status === 'running').length;
  const title = running > 0 ? `(${running}) Jobs – ips-gateway` : 'Jobs – ips-gateway';
  if (document.title !== title) document.title = title;
}

function showEmptiness(jobs) {
  const isLoading = listed.size < 3 && live.isOn && live.problem === null;
  $('loading').hidden = !isLoading || store.size > 0;
  $('empty').hidden = jobs.length > 0 || isLoading;
  setText($('empty-text'), store.size === 0 ? 'No jobs here yet' : filters.isNarrow ? 'No job passes these filters' : 'No jobs in this phase');
  $('empty-clear').hidden = !filters.isNarrow;
}

function showState() {
  const { state, staleSince, problem, retryAt } = live;
  $('state').dataset.state = state;
  setText($('state-text'), STATES[state]);
  const isPaused = state === 'paused';
  setAttribute($('pause'), 'aria-pressed', String(isPaused));
  setText($('pause-text'), isPaused ? 'Resume updates' : 'Pause updates');
  setAttribute($('pause-icon'), 'href', isPaused ? '#i-resume' : '#i-pause');
  const isBroken = ['connecting', 'polling', 'failing', 'offline'].includes(state) && problem !== null;
  $('banner').hidden = staleSince === null && !isBroken;
  if (staleSince !== null) {
    $('banner').replaceChildren(h('strong', null, 'IPS does not answer the gateway.'), ` What you see is as it was at ${shortTime(Date.parse(staleSince), now())}.`);
  } else if (isBroken) {
    const { title, detail, code } = problem.document;
    $('banner').replaceChildren(h('strong', null, `${title}.`), ` ${detail ?? ''} `, h('span', { class: 'fine' }, code),
      retryAt === null ? '' : ` Trying again at ${shortTime(retryAt, now())}.`);
  }
  if (session.isOpen) showEmptiness(table.body.children);
}

live.addEventListener('change', showState);
live.addEventListener('list', ({ detail: phases }) => {
  phases.forEach((phase) => listed.add(phase));
  showState();
  render();
});
live.addEventListener('problem', ({ detail: problem }) => {
  if (problem.status === 401) leave(problem);
  else if (problem.code === 'company-required') {
    live.stop('off');
    $('board').hidden = true;
    signIn.chooseFrom(problem.document.companies ?? session.companies);
  }
});
store.addEventListener('change', render);
filters.addEventListener('change', () => {
  if (!session.isOpen) return;
  details.show(filters.get('job'));
  render();
});

document.querySelectorAll('[data-phase]').forEach((button) => button.addEventListener('click', () => filters.set({ phase: button.dataset.phase })));
$('kind').addEventListener('change', () => filters.set({ kind: $('kind').value }));
$('mine').addEventListener('change', () => filters.set({ mine: $('mine').checked ? '1' : '' }));
$('text').addEventListener('input', () => filters.set({ q: $('text').value.trim() }));
for (const id of ['clear', 'empty-clear']) {
  $(id).addEventListener('click', () => {
    $('text').value = '';
    filters.set({ kind: '', mine: '', q: '' });
    $('text').focus();
  });
}
$('company').addEventListener('change', () => {
  live.stop('off');
  session.company = $('company').value;
  filters.set({ job: '' });
  enter();
});
$('pause').addEventListener('click', () => (live.state === 'paused' ? live.start() : live.stop('paused')));
$('new').addEventListener('click', () => submit.open());
$('sign-out').addEventListener('click', () => leave());
addEventListener('online', () => live.isOn && live.state !== 'live' && live.start());

let rest = null;
document.addEventListener('visibilitychange', () => {
  clearTimeout(rest);
  if (document.hidden) rest = setTimeout(() => live.isOn && live.stop('resting'), REST_AFTER);
  else if (live.state === 'resting') live.start();
});

setInterval(() => live.isOn && !document.hidden && table.tick(now()), 1_000);

try {
  const { data: config } = await get('board/config.json');
  showBadge(config);
  signIn = new SignIn({ config, preferred: () => filters.get('company'), done: enter });
  leave();
} catch (problem) {
  $('fatal').replaceChildren(problemBox(problem));
}
