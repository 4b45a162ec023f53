// Links between jobs: the jobs that IPS runs after this one, the one after which it ran, the publish that it waits for, and its schedule.

import { h } from '../../dom.js';
import { formatPercent, kindLabel, nameParts, statusOf } from '../../format.js';
import { t, textOf } from '../../texts.js';
import { isPlainClick, jobAddress } from '../copy.js';

/** Related jobs with links; `false` without any. */
export function relatedJobs(job, { findJob, onOpen }) {
  const link = (id, kind) => {
    const known = findJob(id);
    const text = known ? nameParts(known)[0] : kind ? kindLabel(kind) : t('details.job');
    return h('a', {
      href: jobAddress({ id }),
      click: (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        onOpen({ id });
      },
    }, text || t('list.noName'));
  };
  const followOn = ({ id, kind, status, outcome, percent }) => {
    const [tone, label] = statusOf({ phase: status === 'completed' ? 'completed' : 'active', status, outcome });
    return h('li', null, link(id, kind), ' ', h('span', { class: 'pill', 'data-tone': tone }, label),
      percent !== undefined && status !== 'completed' && h('span', { class: 'fine-print' }, ` ${formatPercent(percent)}`));
  };
  const single = [['parent', job.parent], ['waitsFor', job.waitsFor], ['schedule', job.schedule]].filter(([, id]) => id)
    .map(([name, id]) => h('p', null, h('span', { class: 'muted' }, textOf(`details.${name}`)), ' ', link(id)));
  const followOns = (job.followOns ?? []).map(followOn);
  if (single.length === 0 && followOns.length === 0) return false;
  return h('section', { class: 'related' }, single, followOns.length > 0 && [h('h3', null, t('details.followOns')), h('ul', null, followOns)]);
}
