// Menu of a job: copies its id, a link to it or a curl command, and switches the notification of its end on and off.

import { h, icon } from '../dom.js';
import { nameParts } from '../format.js';
import { session } from '../session.js';
import { t } from '../texts.js';
import { notify } from './toast.js';
import { watch } from './watch/watched-jobs.js';

/** Distance of the menu to its button and to the edges of the window, in pixels. */
const GAP = 4;

/** Address of a job on the board, relative to the page. */
export function jobAddress(job) {
  const company = session.companies.length > 1 ? { company: session.company } : {};
  return `./?${new URLSearchParams({ job: job.id, ...company })}`;
}

/** Whether a click opens a link in this page, not in a new tab or window. */
export const isPlainClick = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

/** An argument of a POSIX shell. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Command that reads a job from the API. It has no credentials: curl asks for the password, a token comes from a variable of the shell. */
export function curlCommand(job) {
  const url = new URL(`jobs/${encodeURIComponent(job.id)}`, document.baseURI).href;
  const credentials = session.user ? `--user ${quoted(session.user)}` : '--header "Authorization: Bearer $TOKEN"';
  return `curl ${credentials} ${quoted(url)}`;
}

/** Copies a text. Pages of plain HTTP have no clipboard, only the selection of a field inside `place`. */
async function copy(text, place) {
  let isCopied = true;
  if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => (isCopied = false));
  else {
    const field = h('textarea', { class: 'visually-hidden', value: text });
    place.append(field);
    field.select();
    isCopied = document.execCommand('copy');
    field.remove();
  }
  notify(isCopied ? t('copy.done') : t('copy.failed'));
}

/** Places the menu below its button, or above it where there is no room below. */
function place(menu, button) {
  const anchor = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const isBelow = anchor.bottom + GAP + height <= innerHeight;
  menu.style.top = `${isBelow ? anchor.bottom + GAP : Math.max(GAP, anchor.top - GAP - height)}px`;
  menu.style.left = `${Math.min(Math.max(GAP, anchor.right - width), innerWidth - width - GAP)}px`;
}

/** Labels and effects of the menu's items. */
function items(job) {
  const isWatched = watch.has(job.id);
  const entries = [
    { label: t('copy.id'), run: (menu) => copy(job.id, menu) },
    { label: t('copy.link'), run: (menu) => copy(new URL(jobAddress(job), document.baseURI).href, menu) },
    { label: t('copy.curl'), run: (menu) => copy(curlCommand(job), menu) },
  ];
  return watch.isPossible(job) ? [...entries, { label: isWatched ? t('watch.stop') : t('watch.start'), run: () => watch.toggle(job) }] : entries;
}

/** Opens the menu next to its button: in a dialog all else is inert. */
function open(button, job) {
  const close = () => menu.hidePopover();
  const follow = () => place(menu, button);
  const menu = h('div', {
    class: 'menu', role: 'menu', popover: 'auto', 'aria-label': t('copy.title'),
    toggle: (event) => {
      if (event.newState !== 'closed') return;
      removeEventListener('scroll', follow, { capture: true });
      menu.remove();
    },
    keydown: (event) => {
      const buttons = [...menu.children];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === 'Tab') close();
      if (!step) return;
      event.preventDefault();
      buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
    },
  }, items(job).map(({ label, run }) => h('button', {
    type: 'button', role: 'menuitem', tabindex: '-1',
    click: (event) => {
      event.stopPropagation();
      // Not awaited: the browser may ask for a permission.
      run(menu);
      close();
      button.focus();
    },
  }, label)));
  button.after(menu);
  menu.showPopover();
  follow();
  menu.firstElementChild.focus({ preventScroll: true });
  addEventListener('scroll', follow, { capture: true });
}

/** The button that opens the menu of a job; `currentJob` is called when it is opened. */
export function copyMenu(currentJob) {
  const button = h('button', {
    type: 'button', class: 'quiet icon-only', 'data-menu': true, 'aria-haspopup': 'menu', title: t('copy.title'),
    'aria-label': t('copy.menu', { name: nameParts(currentJob())[0] }),
    click: (event) => {
      event.stopPropagation();
      open(button, currentJob());
    },
  }, icon('more'));
  return button;
}
