// Starts Swagger UI for the gateway that served this page, behind any path prefix.

import { $, h } from '../board/js/dom.js';

const fetchJson = async (path) => (await fetch(path)).json();
const [config, spec] = await Promise.all([fetchJson('../board/config.json'), fetchJson('../openapi.json')]);

const badge = $('environment');
badge.textContent = [config.environment, config.region].filter(Boolean).join(' · ');
badge.dataset.environment = config.environment;
badge.hidden = false;

// The server URL of the document is relative to the document's URL, which Swagger UI does not know of a `spec`.
spec.servers = [{ url: new URL('..', location).href.replace(/\/$/, ''), description: 'This gateway' }];

const isDemo = config.environment === 'demo';

const ui = SwaggerUIBundle({
  spec,
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Stores credentials in localStorage: acceptable only for those of the sandbox.
  persistAuthorization: isDemo,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});

/** Opens the operation of a clicked link. Swagger UI evaluates the URL fragment only when it starts. */
function openOperation(event) {
  event.preventDefault();
  const [tag, operation] = event.currentTarget.hash.slice(2).split('/');
  ui.layoutActions.show(['operations', tag, operation], true);
  history.pushState(null, '', event.currentTarget.hash);
  document.getElementById(`operations-${tag}-${operation}`)?.scrollIntoView();
}

if (isDemo) {
  const status = h('p', { role: 'status', class: 'fine-print' });
  const users = config.users.map(({ email, password, about }) => h('button', {
    type: 'button',
    title: about,
    click: () => {
      ui.preauthorizeBasic('basic', email, password);
      status.textContent = `Requests are sent as ${email} (${about}) until you log out under Authorize.`;
    },
  }, email));
  const link = (label, hash) => h('a', { href: hash, click: openOperation }, label);
  $('quick-start').append(
    h('h2', null, 'Quick start'),
    h('ol', null,
      h('li', null, 'Choose a sandbox user: ', h('span', { class: 'users' }, users), status),
      h('li', null, 'Open ', link('POST /jobs', '#/jobs/submitJob'), ' and press Execute: the response contains the job’s ', h('code', null, 'id'), '.'),
      h('li', null, 'Pass that id to ', link('GET /jobs/{job}', '#/jobs/getJob'), ', or watch the job on the ', h('a', { href: '../' }, 'board'), '.')));
  $('quick-start').hidden = false;
}
