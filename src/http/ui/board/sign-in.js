// Signing in, and choosing the company.

import { Problem, get } from './api.js';
import { $, h } from './dom.js';
import { problemBox } from './problem.js';
import { session } from './session.js';

export class SignIn {
  /** `config` is what the gateway says of itself, `done` is called when somebody is signed in and a company is chosen. */
  constructor({ config, preferred, done }) {
    this.config = config;
    this.preferred = preferred;
    this.done = done;
    this.form = $('sign-in-form');
    this.#offer();
    $('company-back').addEventListener('click', () => {
      session.end();
      this.show();
    });
    this.form.addEventListener('change', () => this.#showFields());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Shows the form, with the reason why when there is one. */
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

  #offer() {
    const isKey = this.config.signIn === 'apiKey';
    $('sign-in-ways').hidden = isKey;
    this.form.elements.way.value = isKey ? 'token' : 'password';
    this.form.elements.way.forEach((radio) => radio.toggleAttribute('checked', radio.checked));
    $('sign-in-token-label').textContent = isKey ? 'API key' : 'IMS access token';
    $('sign-in-hint').textContent = isKey
      ? 'With an API key of this gateway. It is kept in the memory of this page only.'
      : 'With your IPS credentials. They are kept in the memory of this page only.';
    const users = this.config.users ?? [];
    $('demo-users').hidden = users.length === 0;
    $('demo-list').replaceChildren(...users.map((user) => h('li', null, h('button', {
      type: 'button',
      click: () => {
        session.withPassword(user.email, user.password);
        this.#enter();
      },
    }, h('strong', null, user.email), h('span', null, user.about)))));
  }

  get #way() {
    return this.form.elements.way.value;
  }

  #showFields() {
    for (const part of this.form.querySelectorAll('[data-way]')) {
      part.hidden = part.dataset.way !== this.#way;
      part.querySelectorAll('input').forEach((input) => (input.disabled = part.hidden));
    }
  }

  #submit() {
    if (this.#way === 'password') session.withPassword($('sign-in-user').value.trim(), $('sign-in-password').value);
    else session.withToken($('sign-in-token').value.trim());
    this.#enter();
  }

  /** Whether the credentials are good, and for which companies. */
  async #enter() {
    this.form.toggleAttribute('aria-busy', true);
    $('sign-in-problem').replaceChildren();
    try {
      const { data } = await get('companies');
      session.companies = data.companies;
      this.#choose();
    } catch (error) {
      session.end();
      if (!(error instanceof Problem)) throw error;
      $('sign-in-problem').replaceChildren(problemBox(error));
    }
    this.form.removeAttribute('aria-busy');
  }

  #choose() {
    const { companies } = session;
    const find = (wanted) => companies.find(({ companyHandle, name }) => wanted && (companyHandle === wanted || name === wanted));
    const obvious = find(this.preferred()) ?? find(this.config.company) ?? (companies.length === 1 ? companies[0] : null);
    if (obvious) return this.#finish(obvious.companyHandle);
    this.chooseFrom(companies);
  }

  /** Asks which of several companies it is to be about. */
  chooseFrom(companies) {
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
    // Nothing of the credentials stays in the page's elements either.
    this.form.reset();
    $('sign-in').hidden = true;
    this.done();
  }
}
