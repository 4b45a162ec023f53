// Properties of a job: progress, counts of files, values, tasks and all fields as JSON.

import { now } from '../../api.js';
import { h } from '../../dom.js';
import {
  durationOf, endTime, errorCount, formatDuration, formatFullTime, formatHourMinute, formatPercent, humanize, nextRunTime, startTime, warningCount,
} from '../../format.js';
import { formatNumber, t, textOf } from '../../texts.js';

export function progressBar(job) {
  return job.phase === 'active' && h('section', { class: 'progress-large' },
    h('progress', { max: 100, value: job.percent, 'aria-label': t('column.progress'), 'data-tone': 'active' }),
    h('span', { class: 'percent' }, job.percent === undefined ? '' : formatPercent(job.percent)),
    job.progressMessage && h('p', null, job.progressMessage));
}

export function fileCounts(job) {
  const counts = [
    ['files', job.totalFileCount], ['succeeded', job.fileSuccessCount, 'success'], ['errors', errorCount(job), 'danger'],
    ['warnings', warningCount(job), 'warning'], ['duplicates', job.fileDuplicateCount], ['updated', job.fileUpdateCount],
  ].filter(([, count]) => typeof count === 'number');
  return job.phase === 'completed' && counts.length > 0 && h('ul', { class: 'counts' }, counts.map(([name, count, tone]) =>
    h('li', { 'data-tone': count > 0 ? tone : null }, h('strong', null, formatNumber(count)), ' ', textOf(`fileCount.${name}`))));
}

/** “14:32 (14:30 to 14:40, from the last 12 jobs of this kind)”. */
function expectedEnd({ expectedEnd: expected, phase }) {
  if (!expected || phase !== 'active') return null;
  const [at, from, to] = [expected.at, expected.from, expected.to].map((time) => Date.parse(time));
  const values = { at: formatHourMinute(at), from: formatHourMinute(from), to: formatHourMinute(to), count: expected.basedOn };
  return h('time', { datetime: expected.at, title: formatFullTime(at) }, t(to < now() ? 'details.expectedEndPast' : 'details.expectedEndRange', values));
}

/** Names and values; properties without a value are left out. */
export function propertyList(job) {
  const time = (value) => value !== null && h('time', { datetime: new Date(value).toISOString() }, formatFullTime(value));
  const duration = durationOf(job, now());
  const properties = [
    [t('column.by'), job.submittedBy],
    [t(job.status === 'waiting' ? 'details.expectedStart' : 'column.started'), time(startTime(job))],
    [t('details.expectedEnd'), expectedEnd(job)],
    [t('details.ended'), time(endTime(job))],
    [t('column.duration'), job.phase === 'completed' && duration !== null && formatDuration(duration)],
    [t('details.nextRun'), time(nextRunTime(job))],
    [t('schedule.title'), job.execSchedule && h('code', null, job.execSchedule)],
    [t('details.timeZone'), job.timeZone],
    [t('field.description'), job.description],
    [t('details.server'), job.serverName],
    [t('session.company'), job.companyHandle],
    [t('details.jobHandle'), h('code', null, job.jobHandle)],
    [t('details.id'), h('code', null, job.id)],
  ];
  return h('dl', { class: 'properties' },
    properties.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}

export function taskList(job) {
  const tasks = job.taskProgressArray ?? [];
  const name = (type = '') => humanize(type.split('.').at(-1).replace(/(Async)?(TaskMonitor|Task)$/, '')) || t('task.task');
  return tasks.length > 0 && h('section', { class: 'tasks' }, h('h3', null, t('task.title')), h('ul', null, tasks.map((task) => {
    const percent = task.progress === undefined ? undefined : Math.round(task.progress * 100);
    const remaining = (task.numPending ?? 0) + (task.numProcessing ?? 0);
    const tone = task.taskState === 'Failed' ? 'danger' : percent === 100 ? 'success' : 'active';
    const done = t('task.done', { count: task.numProcessed ?? 0 });
    return h('li', null,
      h('span', { class: 'task-name' }, name(task.taskType)),
      h('progress', { max: 100, value: percent, 'aria-label': name(task.taskType), 'data-tone': tone }),
      h('span', { class: 'fine-print' }, [task.taskState, done, remaining > 0 && t('task.left', { count: remaining })].filter(Boolean).join(' · ')),
      task.progressMessage && h('span', { class: 'fine-print' }, task.progressMessage));
  })));
}

export function rawJson(job, isOpen) {
  return h('details', { class: 'raw-json', open: isOpen },
    h('summary', null, t('details.allFields')),
    h('pre', { tabindex: '0', 'aria-label': t('details.asJson') }, JSON.stringify(job, null, 2)));
}
