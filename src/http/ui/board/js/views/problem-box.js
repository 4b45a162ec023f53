// Error box for problem details.

import { h } from '../dom.js';
import { t, textOf } from '../texts.js';

/** Title of a problem: by its code in the chosen language, else that of the server. */
export const problemTitle = (problem) => textOf(`problem.${problem.code}`) ?? problem.title;

/** Renders a `Problem`; errors at the pointers of `shownElsewhere` are left out. */
export function problemBox({ document: problem }, shownElsewhere = new Set()) {
  const errors = (problem.errors ?? []).filter((error) => !shownElsewhere.has(error.pointer));
  const location = ({ pointer, parameter, header }) => pointer ?? parameter ?? header;
  return h('div', { class: 'problem', role: 'alert' },
    h('strong', null, problemTitle(problem)),
    problem.detail && h('p', null, problem.detail),
    errors.length > 0 && h('ul', null, errors.map((error) =>
      h('li', null, location(error) && h('code', null, location(error)), location(error) && ' ', error.detail))),
    // An unauthenticated request has no effect, so its outcome is not worth a line.
    problem.outcome && problem.status !== 401 && h('p', null, textOf(`problemOutcome.${problem.outcome}`)),
    problem.upstream?.reason && h('p', null, t('problemBox.upstream', { reason: problem.upstream.reason })),
    h('p', { class: 'fine-print' },
      /(^|\/)problems\//.test(problem.type ?? '')
        ? h('a', { href: `problems/${encodeURIComponent(problem.code)}`, target: '_blank', rel: 'noopener' }, problem.code)
        : problem.code,
      problem.requestId && ` · ${t('problemBox.request', { id: problem.requestId })}`));
}
