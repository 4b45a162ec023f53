// Starts Swagger UI for the gateway that this page came from, wherever a proxy has put it.

import { $, h } from '../board/dom.js';

const read = async (path) => (await fetch(path)).json();
const [config, spec] = await Promise.all([read('../board/config.json'), read('../openapi.json')]);

const badge = $('environment');
badge.textContent = [config.environment, config.region].filter(Boolean).join(' · ');
badge.dataset.environment = config.environment;
badge.hidden = false;

// The document says where the gateway believes to be; the page knows where it is reached from here.
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
  // Kept in the browser's storage, where only the sandbox's credentials may be.
  persistAuthorization: isDemo,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});

/** Opens an operation. Swagger UI follows the fragment of the address only when it starts. */
function follow(event) {
  event.preventDefault();
  const [tag, operation] = event.currentTarget.hash.slice(2).split('/');
  ui.layoutActions.show(['operations', tag, operation], true);
  history.pushState(null, '', event.currentTarget.hash);
  document.getElementById(`operations-${tag}-${operation}`)?.scrollIntoView();
}

if (isDemo) {
  const said = h('p', { role: 'status', class: 'fine' });
  const users = config.users.map(({ email, password, about }) => h('button', {
    type: 'button',
    title: about,
    click: () => {
      ui.preauthorizeBasic('basic', email, password);
      said.textContent = `Calls are sent as ${email} (${about}) from now on, until you log out under Authorize.`;
    },
  }, email));
  $('guide').append(
    h('h2', null, 'Three steps'),
    h('ol', null,
      h('li', null, 'Choose a user of the sandbox: ', h('span', { class: 'users' }, users), said),
      h('li', null, 'Open ', h('a', { href: '#/jobs/submitJob', click: follow }, 'POST /jobs'), ' and press Execute: the answer holds the job’s ', h('code', null, 'id'), '.'),
      h('li', null, 'Give that id to ', h('a', { href: '#/jobs/getJob', click: follow }, 'GET /jobs/{job}'), ', or watch it on the ', h('a', { href: '../' }, 'board'), '.')));
  $('guide').hidden = false;
}
