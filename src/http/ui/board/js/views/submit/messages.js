// Errors and warnings of a validation, at the fields that their JSON pointers name.

import { h } from '../../dom.js';
import { t } from '../../texts.js';

/** @typedef {{ pointer?: string, parameter?: string, detail: string }} Message */

/** A missing member is reported at its parent. */
const MISSING = /^the member `(\w+)` is missing$/;
/** The detail of an unknown member lists all that exist. */
const UNKNOWN = /^unknown member /;
/** Detail of a required text that is empty. */
export const EMPTY = 'must not be empty';

/** @param {Message} message */
function located({ pointer, parameter, detail }) {
  const missing = MISSING.exec(detail)?.[1];
  if (missing) return { pointer: `${pointer}/${missing}`, location: `${pointer}/${missing}`, text: t('submit.isMissing'), detail };
  const text = UNKNOWN.test(detail) ? t('submit.isUnknown') : detail === EMPTY ? t('submit.isMissing') : detail;
  return { pointer, location: pointer ?? parameter ?? '', text, detail };
}

/** @param {ParentNode} form @param {string | undefined} pointer */
const fieldOf = (form, pointer) => (pointer ? form.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`) : null);

/** Removes all messages.
 * @param {ParentNode} form */
export function clearMessages(form) {
  for (const messages of form.querySelectorAll('.messages')) messages.replaceChildren();
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
}

/**
 * Shows messages at their fields. Errors of fields that the user did not reach yet are counted and not shown. Returns the number of those, and
 * the messages without a field.
 * @param {ParentNode} form
 * @param {{ errors: Message[], warnings: Message[], isReached: (pointer: string) => boolean }} messages
 */
export function showMessages(form, { errors, warnings, isReached }) {
  clearMessages(form);
  const rest = { errors: /** @type {ReturnType<typeof located>[]} */ ([]), warnings: /** @type {ReturnType<typeof located>[]} */ ([]), pending: 0, shown: 0 };
  const place = (message, kind) => {
    const found = located(message);
    const field = fieldOf(form, found.pointer);
    if (!field) return rest[kind].push(found);
    const isError = kind === 'errors';
    if (isError && !isReached(found.pointer ?? '')) return (rest.pending += 1);
    field.querySelector(':scope > .messages, :scope > * > .messages')?.append(h('p', { class: isError ? 'field-error' : 'field-warning' }, found.text));
    if (!isError) return null;
    rest.shown += 1;
    // An error that is hidden in an unfolded group would not be found.
    for (let group = field.closest('details'); group; group = group.parentElement?.closest('details') ?? null) group.open = true;
    const control = field.matches('[data-control]') ? field : field.querySelector('[data-control]');
    const owner = control?.closest('[data-pointer]');
    if (owner === field) control?.setAttribute('aria-invalid', 'true');
    return null;
  };
  errors.forEach((error) => place(error, 'errors'));
  warnings.forEach((warning) => place(warning, 'warnings'));
  return rest;
}

/** Puts the focus on the first field with an error; returns whether there is one.
 * @param {ParentNode} form */
export function focusFirstError(form) {
  const field = form.querySelector('.field-error')?.closest('[data-pointer]');
  const control = /** @type {HTMLElement | null} */ (field?.matches('[role="radiogroup"]') ? field.querySelector('input:checked, input') : field?.querySelector('input, select, textarea, button'));
  control?.focus();
  return control !== undefined && control !== null;
}

/** A list of messages without a field.
 * @param {ReturnType<typeof located>[]} messages
 * @param {string} className */
export const messageList = (messages, className) => messages.length > 0 && h('ul', { class: className }, messages.map(({ location, text, detail }) =>
  h('li', { title: text === detail ? null : detail }, location && h('code', null, location), location && ' ', text)));
