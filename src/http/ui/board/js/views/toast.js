// Short messages at the bottom of the page, which screen readers announce.

import { $, h } from '../dom.js';

/** Time that a message is shown, in milliseconds. */
const SHOWN_TIME = 6_000;

/** Shows a message. */
export function notify(text) {
  const message = h('p', null, text);
  $('notifications').append(message);
  setTimeout(() => message.remove(), SHOWN_TIME);
}
