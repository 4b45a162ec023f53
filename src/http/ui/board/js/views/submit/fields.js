// Fields of a request body, made from its schema: single values, objects that can be added, lists whose rows can be added and removed, and groups
// of rare options that unfold. The element of each value has its JSON pointer in `data-pointer`.

import { h, icon } from '../../dom.js';
import { humanize } from '../../format.js';
import { t, textOf } from '../../texts.js';
import { isObject, pointerOf, setValue, valueAt } from './body.js';
import { controlOf, fits, isRadioGroup } from './controls.js';
import { COMMON_MEMBERS, HIDDEN_MEMBERS, groupsOf } from './kinds.js';

/** @typedef {import('./body.js').Path} Path */
/** @typedef {import('./schemas.js').Schema} Schema */

/** Rows of a list that are shown at first, and added with each click. */
const ROWS_SHOWN = 100;
/** Members of an item that are shown in one line. */
const MEMBERS_IN_LINE = 3;

let lastId = 0;
const newId = () => `field-${(lastId += 1)}`;

/** @param {Schema} schema */
const isSingleValue = ({ type }) => type !== 'object' && type !== 'array';
const isRequiredIn = (schema, name) => schema.required?.includes(name) ?? false;

/** The label of a member: its text in the catalogue, else the name that IPS has for it. */
const labelOf = (name) => textOf(`field.${name}`) ?? humanize(name.replace(/Array$/, ''));
/** The label of an item of a list: “Source URL 2”. */
const itemLabel = (name) => textOf(`fieldItem.${name}`) ?? t('submit.item');

export class Fields {
  /** Names of the groups that are unfolded. */
  #unfolded = new Set();

  /**
   * `onChange` is called with the path of a changed value; `isFilledIn` tells whether the gateway fills in a required member.
   * @param {{ schemas: import('./schemas.js').Schemas, onChange: (path: Path) => void, isFilledIn?: (name: string) => boolean }} options
   */
  constructor({ schemas, onChange, isFilledIn = () => false }) {
    this.schemas = schemas;
    this.onChange = onChange;
    this.isFilledIn = isFilledIn;
    /** @type {any} */
    this.body = {};
  }

  /** Fields of the members of the request itself that are named.
   * @param {string} kind
   * @param {string[]} names */
  membersOfRequest(kind, names) {
    const request = this.schemas.requests.get(kind) ?? this.schemas.requests.values().next().value;
    return names.map((name) => this.#member([name], request, name));
  }

  /** Fields of the details of a kind: required and common members at once, the others in groups.
   * @param {string} kind
   * @returns {{ shown: Element[], groups: Element[] }} */
  detail(kind) {
    const path = [`${kind}Job`];
    const schema = this.schemas.resolve(this.schemas.requests.get(kind)?.properties?.[path[0]] ?? {});
    if (!isObject(valueAt(this.body, path))) return { shown: [this.#misfit(path, labelOf(path[0]))], groups: [] };
    const names = Object.keys(schema.properties ?? {}).filter((name) => !HIDDEN_MEMBERS.includes(name));
    const isShown = (name) => isRequiredIn(schema, name) || COMMON_MEMBERS.includes(name);
    const member = (name) => this.#member([...path, name], schema, name);
    // The setting of the e-mails is the same for most kinds: it comes last.
    const shown = names.filter(isShown).sort((one, other) => Number(one === 'emailSetting') - Number(other === 'emailSetting'));
    const groups = groupsOf(names.filter((name) => !isShown(name)));
    return {
      shown: shown.map(member),
      groups: groups.map(([group, members]) => this.group(group, members.map((name) => [...path, name]), members.map(member))),
    };
  }

  /** Fields that unfold under a heading, which tells how many of them are set.
   * @param {string} name
   * @param {Path[]} paths
   * @param {Element[]} content */
  group(name, paths, content) {
    const element = h('details', { class: 'group', open: this.#unfolded.has(name) },
      h('summary', null, h('span', null, t(/** @type {any} */ (`submitGroup.${name}`))), ' ', h('span', { class: 'set-count fine-print' })),
      h('div', { class: 'fields' }, content));
    element.addEventListener('toggle', () => (element.open ? this.#unfolded.add(name) : this.#unfolded.delete(name)));
    const showCount = () => {
      const count = paths.filter((path) => valueAt(this.body, path) !== undefined).length;
      element.querySelector('.set-count').textContent = count === 0 ? '' : t('submit.setCount', { count });
    };
    element.addEventListener('fieldchange', showCount);
    showCount();
    return element;
  }

  /** Sets a value and reports it. */
  #set(element, path, value, order) {
    setValue(this.body, path, value, order);
    element?.dispatchEvent(new Event('fieldchange', { bubbles: true }));
    this.onChange(path);
  }

  /** The field of a member of an object. */
  #member(path, parent, name) {
    const schema = this.schemas.resolve(parent.properties[name]);
    const isRequired = isRequiredIn(parent, name) && !this.isFilledIn(name);
    return this.#field({ path, schema, name, label: labelOf(name), isRequired, order: Object.keys(parent.properties) });
  }

  /** The field of a value of any type. */
  #field(field) {
    const { schema, path, label } = field;
    const value = valueAt(this.body, path);
    if (schema.type === 'object') return value === undefined || isObject(value) ? this.#object(field) : this.#misfit(path, label);
    if (schema.type === 'array') return value === undefined || Array.isArray(value) ? this.#list(field) : this.#misfit(path, label);
    return fits(schema, value) ? this.#single(field) : this.#misfit(path, label);
  }

  /** A value that the field of its schema can't show. */
  #misfit(path, label) {
    const id = newId();
    return h('div', { class: 'field', 'data-pointer': pointerOf(path) },
      h('label', { for: id }, label),
      h('input', { id, disabled: true, value: JSON.stringify(valueAt(this.body, path)) ?? '', 'aria-describedby': `${id}-hint ${id}-messages` }),
      h('p', { class: 'hint', id: `${id}-hint` }, t('submit.editInJson')),
      h('div', { class: 'messages', id: `${id}-messages` }));
  }

  #single({ path, schema, name, label, isRequired, order, hint = hintOf(name, schema) }) {
    const id = newId();
    const describedBy = [hint && `${id}-hint`, `${id}-messages`].filter(Boolean).join(' ');
    const required = isRequired ? 'required' : null;
    const isGroup = isRadioGroup(schema);
    const element = h(isGroup ? 'fieldset' : 'div', {
      class: 'field', 'data-pointer': pointerOf(path),
      ...(isGroup && { id, role: 'radiogroup', 'data-control': '', 'aria-describedby': describedBy, 'aria-required': isRequired ? 'true' : null }),
    }, isGroup ? h('legend', { class: required }, label) : h('label', { for: id, class: required }, label));
    const set = (value) => this.#set(element, path, value, order);
    element.append(controlOf({ id, name, label, schema, value: valueAt(this.body, path), isRequired, describedBy, set }));
    if (hint) element.append(hintElement(name, hint, `${id}-hint`));
    element.append(h('div', { class: 'messages', id: `${id}-messages` }));
    return element;
  }

  /** An object: a required one has its fields, another one after it was added. */
  #object(field) {
    const { path, schema, name, label, isRequired, hint = hintOf(name, schema) } = field;
    const isThere = valueAt(this.body, path) !== undefined;
    const toggle = (value, focus) => {
      const { replacement } = this.#replace(element, field, value);
      replacement.querySelector(focus)?.focus();
    };
    const element = h('fieldset', { class: 'field nested', 'data-pointer': pointerOf(path) },
      h('legend', { class: isRequired ? 'required' : null }, label),
      hint && hintElement(name, hint),
      h('div', { class: 'messages' }),
      isThere && h('div', { class: 'fields' }, Object.keys(schema.properties ?? {}).map((member) => this.#member([...path, member], schema, member))),
      isThere
        ? !isRequired && this.#button('remove', t('submit.remove'), t('submit.removeOf', { field: label }), () => toggle(undefined, '.add'))
        : this.#button('add', t('submit.add'), t('submit.addOf', { field: label }), () => toggle({}, 'input, select')));
    return element;
  }

  #button(className, text, label, click) {
    return h('button', { type: 'button', class: `quiet ${className}`, 'aria-label': label, click }, className === 'add' ? icon('plus') : icon('close'), text);
  }

  /** Sets the value of a field and renders it anew. */
  #replace(element, field, value) {
    setValue(this.body, field.path, value, field.order);
    const replacement = this.#field(field);
    element.replaceWith(replacement);
    replacement.dispatchEvent(new Event('fieldchange', { bubbles: true }));
    this.onChange(field.path);
    return { replacement };
  }

  #list(field, rowsShown = ROWS_SHOWN) {
    const { path, schema, name, label, isRequired, hint = hintOf(name, schema) } = field;
    const items = valueAt(this.body, path) ?? [];
    const item = this.schemas.resolve(schema.items ?? {});
    const set = (changed, focus, shown = rowsShown) => {
      setValue(this.body, path, changed.length > 0 || isRequired ? changed : undefined, field.order);
      const replacement = this.#list(field, shown);
      element.replaceWith(replacement);
      replacement.dispatchEvent(new Event('fieldchange', { bubbles: true }));
      const rows = replacement.querySelectorAll(':scope > .rows > .row');
      (rows[focus]?.querySelector('input, select, .add') ?? replacement.querySelector(':scope > .add'))?.focus();
      this.onChange(path);
    };
    const row = (_, index) => {
      const number = `${itemLabel(name)} ${index + 1}`;
      const rowPath = [...path, index];
      const content = isSingleValue(item)
        ? this.#field({ path: rowPath, schema: item, name: '', label: number, isRequired: true, order: [], hint: '' })
        : this.#itemFields(rowPath, item, number);
      const remove = h('button', {
        type: 'button', class: 'quiet icon-only', 'aria-label': t('submit.removeOf', { field: number }), title: t('submit.remove'),
        click: () => set(items.filter((__, other) => other !== index), Math.max(0, index - 1)),
      }, icon('close'));
      return h('div', { class: 'row' }, content, remove);
    };
    const element = h('fieldset', { class: 'field list', 'data-pointer': pointerOf(path) },
      h('legend', { class: isRequired ? 'required' : null }, label),
      hint && hintElement(name, hint),
      h('div', { class: 'messages' }),
      h('div', { class: 'rows' }, items.slice(0, rowsShown).map(row)),
      items.length > rowsShown && h('button', {
        type: 'button', class: 'quiet', click: () => set(items, rowsShown, rowsShown + ROWS_SHOWN),
      }, t('submit.moreRows', { count: items.length - rowsShown })),
      this.#button('add', t('submit.addRow', { item: itemLabel(name) }), `${t('submit.addRow', { item: itemLabel(name) })}: ${label}`,
        () => set([...items, newItem(item)], items.length, Math.max(rowsShown, items.length + 1))));
    element.querySelector(':scope > .rows').addEventListener('paste', (event) => this.#paste(event, { path, item, items, set, rowsShown }));
    return element;
  }

  /** An item that is an object: in one line if it is small. */
  #itemFields(path, item, label) {
    const names = Object.keys(item.properties ?? {});
    const isSmall = names.length <= MEMBERS_IN_LINE && names.every((name) => isSingleValue(this.schemas.resolve(item.properties[name])));
    if (!isObject(valueAt(this.body, path))) return this.#misfit(path, label);
    const fields = names.map((name) => {
      const schema = this.schemas.resolve(item.properties[name]);
      const isRequired = isRequiredIn(item, name);
      const number = isSmall ? `${labelOf(name)} ${Number(path.at(-1)) + 1}` : labelOf(name);
      return this.#field({ path: [...path, name], schema, name, label: number, isRequired, order: names, ...(isSmall && { hint: '' }) });
    });
    return h('fieldset', { class: isSmall ? 'field in-line' : 'field nested', 'data-pointer': pointerOf(path) },
      h('legend', { class: isSmall ? 'visually-hidden' : '' }, label), h('div', { class: 'messages' }), h('div', { class: 'fields' }, fields));
  }

  /** Text of several lines becomes several rows; cells separated by tabs become members. */
  #paste(event, { path, item, items, set, rowsShown }) {
    const lines = (event.clipboardData?.getData('text/plain') ?? '').split(/\r?\n/).filter((line) => line.trim() !== '');
    const pointer = event.target.closest('[data-pointer]')?.dataset.pointer ?? '';
    const [index, member] = pointer.slice(pointerOf(path).length + 1).split('/');
    if (lines.length < 2 || index === '' || !(isSingleValue(item) || item.properties?.[member]?.type === 'string')) return;
    event.preventDefault();
    const names = Object.keys(item.properties ?? {});
    const pasted = lines.map((line) => {
      if (isSingleValue(item)) return line.trim();
      const cells = line.split('\t').map((cell) => cell.trim());
      const start = names.indexOf(member);
      return { ...items[index], ...Object.fromEntries(cells.slice(0, names.length - start).map((cell, offset) => [names[start + offset], cell])) };
    });
    set([...items.slice(0, Number(index)), ...pasted, ...items.slice(Number(index) + 1)], Number(index) + pasted.length - 1, Math.max(rowsShown, Math.min(ROWS_SHOWN, items.length + pasted.length)));
  }
}

/** The hint in the catalogue, else the description of the schema for members whose label does not say it already. */
const hintOf = (name, schema) => textOf(`fieldHint.${name}`)
  ?? (textOf(`field.${name}`) ? '' : (schema.description ?? '').split('\n\n')[0].replaceAll('`', ''));

/** Descriptions of the schema are English in all languages. */
const hintElement = (name, text, id = null) => h('p', { class: 'hint', id, lang: textOf(`fieldHint.${name}`) ? null : 'en' }, text);

/**
 * A new row: empty texts for what an item must have.
 * @param {Schema} schema
 */
function newItem({ type, properties, required = [] }) {
  if (type !== 'object') return '';
  return Object.fromEntries(required.filter((name) => properties?.[name]?.type === 'string').map((name) => [name, '']));
}
