// Sign-in form and company selection.

import { Problem, get } from '../../api.js';
import { $, h } from '../../dom.js';
import { session } from '../../session.js';
import { onLanguage, t } from '../../texts.js';
import { problemBox } from '../problem-box.js';
import { notify } from '../toast.js';
import { end, keep, resume } from './kept-session.js';

export class SignIn {
  /** `config` is the content of config.json, `preferredCompany` returns a company handle; `onDone` is called once a company is selected. */
  constructor({ config, preferredCompany, onDone }) {
    this.config = config;
    this.preferredCompany = preferredCompany;
    this.onDone = onDone;
    this.form = $('sign-in-form');
    this.#renderMethods();
    $('company-back').addEventListener('click', () => {
      end();
      session.clear();
      this.show();
    });
    this.form.addEventListener('change', () => this.#showFields());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Shows the form, with the problem that ended the session if there is one. */
  show(problem) {
    this.form.reset();
    this.#showFields();
    $('sign-in').hidden = false;
    $('companies').hidden = true;
    $('sign-in-card').hidden = false;
    $('sign-in-problem').replaceChildren(...(problem ? [problemBox(problem)] : []));
    this.form.querySelector('input:not([type=radio]):enabled')?.focus();
    if (problem) $('sign-in-problem').scrollIntoView({ block: 'nearest' });
  }

  #renderMethods() {
    const usesApiKey = this.config.signIn === 'apiKey';
    const methods = this.form.elements.method;
    $('sign-in-methods').hidden = usesApiKey;
    methods.value = usesApiKey ? 'token' : 'password';
    methods.forEach((radio) => radio.toggleAttribute('checked', radio.checked));
    $('sign-in-keep-field').hidden = !this.config.sessions;
    $('sign-in-keep').disabled = !this.config.sessions;
    onLanguage(() => {
      $('sign-in-token-label').textContent = usesApiKey ? t('signIn.apiKey') : t('signIn.token');
      this.#renderHint();
    });
    const users = this.config.users ?? [];
    $('demo-users').hidden = users.length === 0;
    $('demo-list').replaceChildren(...users.map((user) => h('li', null, h('button', {
      type: 'button',
      click: () => {
        session.setPassword(user.email, user.password);
        this.#signIn();
      },
    }, h('strong', null, user.email), h('span', null, user.about)))));
  }

  get #keeps() {
    return this.config.sessions && $('sign-in-keep').checked;
  }

  #renderHint() {
    const ofKey = this.#keeps ? t('signIn.hintApiKeyKept') : t('signIn.hintApiKey');
    const ofUser = this.#keeps ? t('signIn.hintKept') : t('signIn.hint');
    $('sign-in-hint').textContent = this.config.signIn === 'apiKey' ? ofKey : ofUser;
  }

  get #method() {
    return this.form.elements.method.value;
  }

  #showFields() {
    for (const part of this.form.querySelectorAll('[data-method]')) {
      part.hidden = part.dataset.method !== this.#method;
      part.querySelectorAll('input').forEach((input) => (input.disabled = part.hidden));
    }
    this.#renderHint();
  }

  #submit() {
    if (this.#method === 'password') session.setPassword($('sign-in-user').value.trim(), $('sign-in-password').value);
    else session.setToken($('sign-in-token').value.trim());
    this.#signIn();
  }

  /** Opens the board with the session that the browser keeps, else shows the form. */
  async start() {
    try {
      if (this.config.sessions && (await resume())) return await this.#loadCompanies();
      this.show();
    } catch (error) {
      session.clear();
      if (!(error instanceof Problem)) throw error;
      this.show(error);
    }
  }

  /** Verifies the credentials by loading the companies. */
  async #signIn() {
    this.form.toggleAttribute('aria-busy', true);
    $('sign-in-problem').replaceChildren();
    try {
      if (this.#keeps && !(await keep())) notify(t('signIn.notKept'));
      await this.#loadCompanies();
    } catch (error) {
      session.clear();
      if (!(error instanceof Problem)) throw error;
      $('sign-in-problem').replaceChildren(problemBox(error));
    }
    this.form.removeAttribute('aria-busy');
  }

  async #loadCompanies() {
    const { data } = await get('companies');
    session.companies = data.companies;
    this.#selectCompany();
  }

  /** Selects the preferred, the configured or the only company; otherwise the user chooses. */
  #selectCompany() {
    const { companies } = session;
    const find = (wanted) => companies.find(({ companyHandle, name }) => wanted && (companyHandle === wanted || name === wanted));
    const company = find(this.preferredCompany()) ?? find(this.config.company) ?? (companies.length === 1 ? companies[0] : null);
    if (company) return this.#finish(company.companyHandle);
    this.chooseCompany(companies);
  }

  /** Shows the list of companies. */
  chooseCompany(companies) {
    session.companies = companies;
    $('sign-in').hidden = false;
    $('sign-in-card').hidden = true;
    $('companies').hidden = false;
    $('company-list').replaceChildren(...companies.map(({ companyHandle, name }) => h('li', null, h('button', {
      type: 'button', click: () => this.#finish(companyHandle),
    }, h('strong', null, name ?? companyHandle), h('span', null, companyHandle)))));
    $('company-none').hidden = companies.length > 0;
    $('company-list').querySelector('button')?.focus();
  }

  #finish(company) {
    session.company = company;
    // Removes the credentials from the page's elements.
    this.form.reset();
    $('sign-in').hidden = true;
    this.onDone();
  }
}
