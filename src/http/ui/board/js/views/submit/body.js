// Request bodies: JSON without loss, JSON pointers (RFC 6901), and values by their paths. A path is a list of member names and indices.

/** @typedef {(string | number)[]} Path */

/**
 * Number literals that a JavaScript number would change, such as large 64-bit integers, stay as they are where the browser can keep them
 * (`JSON.rawJSON`).
 */
const { rawJSON, isRawJSON } = /** @type {any} */ (JSON);
const keepsLiterals = typeof rawJSON === 'function';

const isExact = (number, literal) => String(number) === literal || Number.isSafeInteger(number) || /[.eE]/.test(literal);

/** Parses JSON; throws a `SyntaxError`.
 * @param {string} text */
export function parseJson(text) {
  const keep = (_, value, context = undefined) =>
    (keepsLiterals && typeof value === 'number' && context && !isExact(value, context.source) ? rawJSON(context.source) : value);
  return JSON.parse(text, keep);
}

/** @param {unknown} value */
export const formatJson = (value) => JSON.stringify(value, null, 2);

/** The value of a number field: a number, or the text itself if it is none.
 * @param {string} text */
export function parseNumber(text) {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return text;
  return isExact(Number(text), text) || !keepsLiterals ? Number(text) : rawJSON(text);
}

/** @param {unknown} value */
export const isNumber = (value) => typeof value === 'number' || (keepsLiterals && isRawJSON(value));

/** @param {unknown} value */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);

/** @param {Path} path */
export const pointerOf = (path) => path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** @param {string} pointer
 * @returns {Path} */
export const pathOf = (pointer) => pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The value at a path; `undefined` where there is none.
 * @param {any} body
 * @param {Path} path */
export const valueAt = (body, path) => path.reduce((value, part) => (value === null || value === undefined ? undefined : value[part]), body);

/**
 * Sets the value at a path whose parent exists; `undefined` removes the member. A new member gets its place among those of `order`.
 * @param {any} body
 * @param {Path} path
 * @param {unknown} value
 * @param {string[]} order
 */
export function setValue(body, path, value, order = []) {
  const parent = valueAt(body, path.slice(0, -1));
  const name = path[path.length - 1];
  if (value === undefined) {
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else delete parent[name];
    return;
  }
  const isNew = isObject(parent) && !Object.hasOwn(parent, name);
  parent[name] = value;
  if (isNew) sortMembers(parent, order);
}

/** Brings the members into an order; those that it does not name come last. */
function sortMembers(object, order) {
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = Object.entries(object).sort(([one], [other]) => rank(one) - rank(other));
  for (const [name, value] of sorted) {
    delete object[name];
    object[name] = value;
  }
}
