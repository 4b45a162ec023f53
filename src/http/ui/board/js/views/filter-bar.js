// The controls of the filters above the table.

import { $, h, setAttribute, setText } from '../dom.js';
import { ATTENTION, NO_FILTERS } from '../filters.js';
import { OUTCOMES, kindLabel, kindOf, outcomeLabel } from '../format.js';
import { session } from '../session.js';
import { formatNumber, onLanguage, t } from '../texts.js';

export const PHASES = ['active', 'scheduled', 'completed'];

/** Filters of the part that is folded up until one of them is set. */
const MORE = ['user', 'from', 'to'];

/** Shows options unless the list has them already: an open list of a browser closes when they are replaced. */
function setOptions(list, options) {
  const key = (value, label) => `${value}\n${label}`;
  if ([...list.children].map((option) => key(option.value, option.label)).join() === options.map(([value, label]) => key(value, label)).join()) return;
  list.replaceChildren(...options.map(([value, label]) => h('option', { value, label: label === value ? null : label }, label)));
}

export class FilterBar {
  /** `filters` are changed by the controls. */
  constructor(filters) {
    this.filters = filters;
    const phases = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-phase]'));
    phases.forEach((button) => button.addEventListener('click', () => filters.set({ phase: button.dataset.phase })));
    for (const name of ['kind', 'outcome', 'from', 'to']) $(name).addEventListener('change', () => filters.set({ [name]: $(name).value }));
    $('mine').addEventListener('change', () => filters.set({ mine: $('mine').checked ? '1' : '' }));
    $('text').addEventListener('input', () => filters.set({ q: $('text').value.trim() }));
    $('user-filter').addEventListener('change', () => filters.set({ user: $('user-filter').value.trim() }));
    $('more-filters').addEventListener('click', () => this.#unfold($('extra-filters').hidden));
    for (const id of ['clear', 'empty-clear']) {
      $(id).addEventListener('click', () => {
        $('text').value = '';
        $('user-filter').value = '';
        filters.set(NO_FILTERS);
        $('text').focus();
      });
    }
    onLanguage(() => {
      const outcomes = OUTCOMES.map((outcome) => [outcome, outcomeLabel(outcome)]);
      setOptions($('outcome'), [['', t('filter.allOutcomes')], [ATTENTION, t('filter.attention')], ...outcomes]);
      $('outcome').value = filters.get('outcome');
    });
    this.#unfold(MORE.some((name) => filters.get(name) !== ''));
  }

  #unfold(isUnfolded) {
    $('extra-filters').hidden = !isUnfolded;
    setAttribute($('more-filters'), 'aria-expanded', String(isUnfolded));
  }

  /** Shows the filters, with the number of jobs that match them in each phase. `jobs` are all jobs. */
  render(jobs, matching) {
    const { filters } = this;
    for (const phase of ['', ...PHASES]) {
      const button = document.querySelector(`[data-phase="${phase}"]`);
      setAttribute(button, 'aria-pressed', String(filters.get('phase') === phase));
      const count = phase ? matching.filter((job) => job.phase === phase).length : matching.length;
      setText(button.querySelector('.figure'), formatNumber(count));
    }
    this.#renderKinds(jobs);
    for (const name of ['outcome', 'from', 'to']) if ($(name).value !== filters.get(name)) $(name).value = filters.get(name);
    $('mine').checked = filters.get('mine') !== '';
    $('mine-field').hidden = session.user === null;
    for (const [id, name] of [['text', 'q'], ['user-filter', 'user']]) if (document.activeElement !== $(id)) $(id).value = filters.get(name);
    setOptions($('users'), [...new Set(jobs.map((job) => job.submittedBy).filter(Boolean))].sort().map((user) => [user, user]));
    if (MORE.some((name) => filters.get(name) !== '')) this.#unfold(true);
    $('clear').hidden = !filters.isFiltering;
  }

  #renderKinds(jobs) {
    const kinds = new Set(jobs.map(kindOf));
    kinds.delete('');
    const selected = this.filters.get('kind');
    if (selected) kinds.add(selected);
    const options = [...kinds].map((kind) => [kind, kindLabel(kind)]).sort(([, one], [, other]) => one.localeCompare(other));
    setOptions($('kind'), [['', t('filter.allKinds')], ...options]);
    $('kind').value = selected;
  }
}
