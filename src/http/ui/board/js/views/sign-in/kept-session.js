// The session that the browser keeps for 8 hours, in a cookie of the gateway, and its other tabs.

import { Problem, get, send } from '../../api.js';
import { session } from '../../session.js';

/** The gateway's own tabs: another gateway may be below another path of the same origin. */
const tabs = new BroadcastChannel(`ips-gateway.session ${new URL('.', location.href).pathname}`);

/** The user of this tab, as other tabs compare it. */
const user = () => session.user ?? '';

/** Signs in with the session that the browser has. Resolves to whether it has one. */
export async function resume() {
  const { data } = await get('session');
  if (data.session) session.keep(data.session);
  return Boolean(data.session);
}

/**
 * Lets the browser keep the session, so that requests need no credentials. Resolves to whether it does: the gateway may refuse, or the
 * browser may take no cookies.
 */
export async function keep() {
  try {
    const { data } = await send('POST', 'session');
    session.keep(data.session);
    const { data: stored } = await get('session');
    if (!stored.session) session.fallBack();
    else tabs.postMessage({ signedInAs: user() });
    return session.isKept;
  } catch (error) {
    if (!(error instanceof Problem) || error.status === 401) throw error;
    return false;
  }
}

/** Removes the session from the browser, in all of its tabs. */
export function end() {
  if (!session.isKept) return;
  tabs.postMessage({ signedOut: true });
  // Without the gateway the cookie stays until it expires; there is nobody to tell.
  send('DELETE', 'session').catch(() => {});
}

/**
 * Calls `onSignedOut` when another tab signs out. When another tab signs in as another user, the cookie is of that user: the page starts anew.
 * @param {() => void} onSignedOut
 */
export function followOtherTabs(onSignedOut) {
  tabs.addEventListener('message', ({ data }) => {
    if (!session.isKept) return;
    if (data.signedOut) onSignedOut();
    else if (data.signedInAs !== user()) location.reload();
  });
}
