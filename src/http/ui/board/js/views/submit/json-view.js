// The request body as JSON text that can be edited: what it shows is exactly what is sent.

import { h } from '../../dom.js';
import { t } from '../../texts.js';
import { formatJson, isObject, parseJson } from './body.js';

export class JsonView {
  /** The request body as it is sent. */
  text = '';

  /** `onEdit` is called with the body of each valid text, and with `null` when the text is no JSON object.
   * @param {{ onEdit: (body: any) => void }} options */
  constructor({ onEdit }) {
    this.problem = h('p', { class: 'field-error', id: 'submit-json-problem' });
    this.area = h('textarea', { id: 'submit-json', spellcheck: 'false', autocomplete: 'off', rows: 16, 'aria-describedby': 'submit-json-hint submit-json-problem' });
    this.area.addEventListener('input', () => {
      this.text = this.area.value;
      onEdit(this.#parse());
    });
    const copy = h('button', { type: 'button', class: 'quiet', id: 'submit-copy' }, t('submit.copy'));
    // The clipboard is available in secure contexts only: HTTPS and localhost.
    copy.hidden = !navigator.clipboard;
    copy.addEventListener('click', async () => {
      await navigator.clipboard.writeText(this.text);
      copy.textContent = t('submit.copied');
    });
    this.element = h('div', { class: 'json' },
      h('div', { class: 'json-head' }, h('label', { for: 'submit-json' }, t('submit.json')), copy),
      this.area, this.problem, h('p', { class: 'hint', id: 'submit-json-hint' }, t('submit.jsonHint')));
  }

  /** Whether the text is a JSON object. */
  get isValid() {
    return !this.area.hasAttribute('aria-invalid');
  }

  /** Shows a body that was changed elsewhere.
   * @param {any} body */
  show(body) {
    this.text = formatJson(body);
    this.area.value = this.text;
    this.#parse();
  }

  #parse() {
    let body = null;
    let problem = '';
    try {
      body = parseJson(this.text);
      if (!isObject(body)) problem = t('submit.notAnObject');
    } catch (error) {
      problem = t('submit.notJson', { reason: error.message });
    }
    this.problem.textContent = problem;
    this.area.toggleAttribute('aria-invalid', problem !== '');
    if (problem) this.area.setAttribute('aria-invalid', 'true');
    return problem ? null : body;
  }
}
