// Log entries of a job.

import { get } from '../../api.js';
import { h } from '../../dom.js';
import { formatFullTime, formatTime } from '../../format.js';
import { t, textOf } from '../../texts.js';
import { downloads } from './downloads.js';
import { PER_PAGE, pagedList } from './paged-list.js';

/** Log entries of a job under a heading; `query` selects some of them. */
export function logSection({ job, title, query = {}, signal, hasDownload }) {
  const path = `jobs/${encodeURIComponent(job.id)}/log`;
  const list = pagedList({
    title,
    className: 'entries',
    head: hasDownload ? downloads({ job, path, name: 'log', signal }) : [],
    read: async (page) => {
      const { data } = await get(path, { query: { perPage: PER_PAGE, page, ...query }, signal });
      return { entries: data.entries.map(logEntry), total: data.total, note: data.truncated ? t('log.truncated') : '' };
    },
  });
  list.load();
  return list.element;
}

function logEntry({ level, logMessage, dateCreated, assetName, auxArray = [] }) {
  const time = Date.parse(dateCreated);
  return h('li', { 'data-level': level },
    dateCreated && h('time', { datetime: dateCreated, title: formatFullTime(time) }, formatTime(time)),
    level !== 'info' && h('span', { class: 'level' }, textOf(`logLevel.${level}`) ?? level),
    h('span', { class: 'text' }, logMessage ?? assetName ?? '', auxArray.map((aux) => h('span', { class: 'aux' }, aux.logMessage))));
}
