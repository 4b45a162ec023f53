// A problem of the gateway, in plain words.

import { h } from './dom.js';

const OUTCOMES = {
  not_sent: 'Nothing was sent to IPS: it is safe to try again.',
  unknown: 'It may have happened all the same: look before you try again.',
  rejected: 'IPS refused it.',
};

/** What to show of a `Problem`; `leaveOut` are pointers that are shown elsewhere. */
export function problemBox({ document: problem }, leaveOut = new Set()) {
  const errors = (problem.errors ?? []).filter((error) => !leaveOut.has(error.pointer));
  const where = ({ pointer, parameter, header }) => pointer ?? parameter ?? header;
  return h('div', { class: 'problem', role: 'alert' },
    h('strong', null, problem.title),
    problem.detail && h('p', null, problem.detail),
    errors.length > 0 && h('ul', null, errors.map((error) =>
      h('li', null, where(error) && h('code', null, where(error)), where(error) && ' ', error.detail))),
    // Whoever is not let in has nothing to look after.
    problem.outcome && problem.status !== 401 && h('p', null, OUTCOMES[problem.outcome]),
    problem.upstream?.reason && h('p', null, `IPS says: ${problem.upstream.reason}`),
    h('p', { class: 'fine' },
      problem.type?.includes('/problems/')
        ? h('a', { href: `problems/${encodeURIComponent(problem.code)}`, target: '_blank', rel: 'noopener' }, problem.code)
        : problem.code,
      problem.requestId && ` · request ${problem.requestId}`));
}
