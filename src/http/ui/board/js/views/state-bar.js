// State of the live updates in the header, and the banner when the jobs are out of date or incomplete.

import { now } from '../api.js';
import { $, h, setAttribute, setText } from '../dom.js';
import { formatList, formatShortTime } from '../format.js';
import { t, textOf } from '../texts.js';
import { PHASES } from './filter-bar.js';
import { problemTitle } from './problem-box.js';

/** States in which a problem is worth the banner. */
const DEGRADED_STATES = ['connecting', 'polling', 'failing', 'offline'];

const timeText = (time) => formatShortTime(time, now());

/** Content of the banner, or `null`. */
function bannerContent({ state, staleSince, denied, problem, retryAt, lastContact, isIncomplete, isRunning }) {
  const isDegraded = problem !== null && (DEGRADED_STATES.includes(state) || (state === 'live' && isIncomplete));
  const isUnreachable = isDegraded && problem.isOffline;
  // A gateway that can't be reached says nothing about IPS.
  if (staleSince !== null && isRunning && !isUnreachable) {
    return [h('strong', null, t('banner.stale')), ` ${t('banner.asOf', { time: timeText(Date.parse(staleSince)) })}`];
  }
  if (isDegraded) {
    const { detail, code } = problem.document;
    return [h('strong', null, t('banner.problem', { title: problemTitle(problem.document) })), ` ${detail ?? ''} `, h('span', { class: 'fine-print' }, code),
      isUnreachable && lastContact !== null ? ` ${t('banner.asOf', { time: timeText(lastContact) })}` : '',
      retryAt === null ? '' : ` ${t('banner.retry', { time: timeText(retryAt) })}`];
  }
  if (denied.size === 0) return null;
  const phases = formatList(PHASES.filter((phase) => denied.has(phase)).map((phase) => textOf(`phase.${phase}`) ?? phase));
  return [h('strong', null, t('banner.denied')), ` ${t('banner.deniedPhases', { phases })}`];
}

/** Renders the state of `LiveUpdates`. */
export function renderState(updates) {
  const { state } = updates;
  const shown = updates.staleSince !== null && state === 'live' ? 'failing' : state;
  $('state').dataset.state = shown;
  setText($('state-text'), shown === state ? (textOf(`state.${state}`) ?? state) : t('state.stale'));
  const isPaused = state === 'paused';
  setAttribute($('pause'), 'aria-pressed', String(isPaused));
  setText($('pause-text'), isPaused ? t('state.resume') : t('state.pause'));
  setAttribute($('pause-icon'), 'href', isPaused ? '#i-resume' : '#i-pause');
  const content = bannerContent(updates);
  $('banner').hidden = content === null;
  if (content) $('banner').replaceChildren(...content);
}
