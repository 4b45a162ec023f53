// The schemas of the OpenAPI document from which the form is made.

import { get } from '../../api.js';
import { isObject } from './body.js';

/** @typedef {{ type?: string, format?: string, description?: string, properties?: Record<string, any>, required?: string[], items?: any,
 *   deprecated?: boolean, 'x-extensible-enum'?: string[], enum?: string[], minimum?: number, maximum?: number, maxLength?: number }} Schema */

/** @type {Promise<Schemas> | null} */
let loaded = null;

/** Loads the schemas, once; a failed attempt is repeated by the next call. */
export function loadSchemas() {
  loaded ??= get('board/submit-schemas.json').then(({ data }) => new Schemas(data));
  loaded.catch(() => (loaded = null));
  return loaded;
}

export class Schemas {
  #schemas;

  /** @param {Record<string, any>} schemas */
  constructor(schemas) {
    this.#schemas = schemas;
    const variants = schemas.SubmitJobParam.oneOf.map((/** @type {any} */ variant) => this.resolve(variant));
    /** Schemas of the whole request by kind. @type {Map<string, Schema>} */
    this.requests = new Map(variants.map((/** @type {Schema} */ request) =>
      [Object.keys(request.properties ?? {}).find((name) => name.endsWith('Job'))?.replace(/Job$/, ''), request]));
  }

  /** All kinds, in the order of the document. */
  get kinds() {
    return [...this.requests.keys()];
  }

  /** Kinds whose details are in a body. More or less than one is an error that the gateway reports.
   * @param {object} body */
  kindsOf(body) {
    return this.kinds.filter((kind) => Object.hasOwn(body, `${kind}Job`));
  }

  /** The schema behind a reference, with the description of the place that refers to it.
   * @param {any} schema
   * @returns {Schema} */
  resolve(schema) {
    const name = schema.$ref?.split('/').at(-1);
    if (!name) return schema;
    const { $ref, ...own } = schema;
    return { ...this.#schemas[name], ...own };
  }

  /** Pointers of the members of a value that its schema does not have.
   * @param {any} schema
   * @param {unknown} value
   * @returns {string[]} */
  unknownMembers(schema, value, pointer = '') {
    const { properties, items } = this.resolve(schema);
    if (Array.isArray(value) && items) return value.flatMap((item, index) => this.unknownMembers(items, item, `${pointer}/${index}`));
    if (!isObject(value) || !properties) return [];
    return Object.entries(value).flatMap(([name, member]) =>
      (Object.hasOwn(properties, name) ? this.unknownMembers(properties[name], member, `${pointer}/${name}`) : [`${pointer}/${name}`]));
  }

  /** Pointers of the empty texts of a value where its schema requires one: members, and items of lists.
   * @param {any} schema
   * @param {unknown} value
   * @returns {string[]} */
  emptyTexts(schema, value, pointer = '') {
    const { properties = {}, items, required = [] } = this.resolve(schema);
    const within = (member, memberSchema, name, isRequired) => {
      if (member === '') return isRequired ? [`${pointer}/${name}`] : [];
      return memberSchema ? this.emptyTexts(memberSchema, member, `${pointer}/${name}`) : [];
    };
    if (Array.isArray(value)) return items ? value.flatMap((item, index) => within(item, items, String(index), true)) : [];
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, member]) => within(member, properties[name], name, required.includes(name)));
  }
}
