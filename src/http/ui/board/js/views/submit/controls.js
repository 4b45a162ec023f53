// Controls of single values: text, number, choice, and boolean with a third state. The value of each is in the body, in its JSON type.

import { h } from '../../dom.js';
import { t, textOf } from '../../texts.js';
import { isNumber, parseNumber } from './body.js';

/**
 * What a control needs. `set` is called with each new value, `undefined` to remove the member.
 * @typedef {{ id: string, name: string, label: string, schema: import('./schemas.js').Schema, value: any, isRequired: boolean, describedBy: string,
 *   set: (value: unknown) => void }} Control
 */

/** Value of the entry for a value that the list does not have. */
const OTHER = '\u0000other';

/** Values that the document names in a sentence only. */
const DOCUMENTED_VALUES = { fmt: ['orig', 'convert'] };
/** A list of values at the end of a description: “`None`, `Rasterize` or `Thumbnail`.” */
const VALUES_AT_END = /((?:`\w+`, )*`\w+` or `\w+`)\.$/;

/** The documented values of a text: IPS may have others.
 * @param {string} name
 * @param {import('./schemas.js').Schema} schema
 * @returns {string[] | null} */
function documentedValues(name, schema) {
  const listed = schema['x-extensible-enum'] ?? schema.enum ?? DOCUMENTED_VALUES[name];
  if (listed) return listed;
  const sentence = VALUES_AT_END.exec(schema.description ?? '')?.[1];
  return sentence ? [...sentence.matchAll(/`(\w+)`/g)].map(([, value]) => value) : null;
}

/** Label of a documented value: “On errors (Error)”.
 * @param {string} name
 * @param {string} value */
const valueLabel = (name, value) => textOf(`fieldValue.${name}.${value}`) ?? value;

/** Whether a control can show the value; others are shown as JSON.
 * @param {import('./schemas.js').Schema} schema
 * @param {unknown} value */
export function fits({ type }, value) {
  if (value === undefined) return true;
  if (type === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string' || (type !== 'string' && isNumber(value));
}

const shared = ({ id, isRequired, describedBy }) => ({
  id, 'aria-describedby': describedBy, 'aria-required': isRequired ? 'true' : null, 'data-control': '', autocomplete: 'off', spellcheck: 'false',
});

const numberText = (value) => (value === undefined ? '' : typeof value === 'object' ? value.rawJSON : String(value));

/** @param {Control} control */
function textControl(control) {
  const { schema, value, set, isRequired } = control;
  const isNumeric = schema.type === 'integer' || schema.type === 'number';
  const type = schema.format === 'password' ? 'password' : 'text';
  const input = h('input', {
    ...shared(control), type, inputmode: isNumeric ? 'decimal' : null, maxlength: schema.maxLength ?? null,
    autocomplete: type === 'password' ? 'new-password' : 'off',
    placeholder: schema.format === 'date-time' ? '2026-01-31T09:30:00+09:00' : textOf(`fieldExample.${control.name}`) ?? null,
    value: isNumeric ? numberText(value) : value ?? '',
  });
  input.addEventListener('input', () => {
    const text = isNumeric ? input.value.trim() : input.value;
    // An empty text of a required member stays, so that the gateway says what it needs.
    if (text === '') set(isRequired && !isNumeric ? '' : undefined);
    else set(isNumeric ? parseNumber(text) : text);
  });
  return input;
}

/** @param {Control} control @param {string[]} values */
function choiceControl(control, values) {
  const { name, label, value, isRequired, set } = control;
  const isListed = value === undefined || value === '' || values.includes(value);
  const placeholder = isRequired ? t('submit.choose') : t('submit.notSet');
  const select = h('select', shared(control),
    h('option', { value: '' }, placeholder),
    values.map((listed) => h('option', { value: listed }, valueLabel(name, listed))),
    h('option', { value: OTHER }, t('submit.otherValue')));
  select.value = isListed ? value ?? '' : OTHER;
  const other = h('input', {
    type: 'text', 'aria-label': t('submit.otherValueOf', { field: label }), autocomplete: 'off', spellcheck: 'false', hidden: isListed, value: isListed ? '' : value,
  });
  select.addEventListener('change', () => {
    other.hidden = select.value !== OTHER;
    if (select.value === OTHER) other.focus();
    const chosen = select.value === OTHER ? other.value : select.value;
    set(chosen === '' && select.value !== OTHER ? undefined : chosen);
  });
  other.addEventListener('input', () => set(other.value));
  return h('span', { class: 'choice' }, select, other);
}

/** @param {Control} control */
function booleanControl(control) {
  const { id, value, isRequired, set } = control;
  const option = (label, state) => {
    const radio = h('input', { type: 'radio', name: id, checked: value === state, change: () => set(state) });
    return h('label', null, radio, h('span', null, label));
  };
  return h('span', { class: 'segmented' }, !isRequired && option(t('submit.notSet'), undefined), option(t('submit.yes'), true), option(t('submit.no'), false));
}

/** Whether the control is a group of radio buttons, which a legend names instead of a label.
 * @param {import('./schemas.js').Schema} schema */
export const isRadioGroup = (schema) => schema.type === 'boolean';

/** The control of a value, by the type of its schema.
 * @param {Control} control */
export function controlOf(control) {
  const { schema, name } = control;
  if (isRadioGroup(schema)) return booleanControl(control);
  const values = schema.type === 'string' ? documentedValues(name, schema) : null;
  return values ? choiceControl(control, values) : textControl(control);
}
