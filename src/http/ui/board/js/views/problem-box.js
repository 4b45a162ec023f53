// Error box for problem details.

import { h } from '../dom.js';

/** Texts for `outcome`, the effect that a failed change had on IPS. */
const OUTCOME_TEXTS = {
  not_sent: 'Nothing was sent to IPS: it is safe to try again.',
  unknown: 'The change may have been applied: check before you try again.',
  rejected: 'IPS rejected it.',
};

/** Renders a `Problem`; errors at the pointers of `shownElsewhere` are left out. */
export function problemBox({ document: problem }, shownElsewhere = new Set()) {
  const errors = (problem.errors ?? []).filter((error) => !shownElsewhere.has(error.pointer));
  const location = ({ pointer, parameter, header }) => pointer ?? parameter ?? header;
  return h('div', { class: 'problem', role: 'alert' },
    h('strong', null, problem.title),
    problem.detail && h('p', null, problem.detail),
    errors.length > 0 && h('ul', null, errors.map((error) =>
      h('li', null, location(error) && h('code', null, location(error)), location(error) && ' ', error.detail))),
    // An unauthenticated request has no effect, so its outcome is not worth a line.
    problem.outcome && problem.status !== 401 && h('p', null, OUTCOME_TEXTS[problem.outcome]),
    problem.upstream?.reason && h('p', null, `IPS says: ${problem.upstream.reason}`),
    h('p', { class: 'fine-print' },
      /(^|\/)problems\//.test(problem.type ?? '')
        ? h('a', { href: `problems/${encodeURIComponent(problem.code)}`, target: '_blank', rel: 'noopener' }, problem.code)
        : problem.code,
      problem.requestId && ` · request ${problem.requestId}`));
}
