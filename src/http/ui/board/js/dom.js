// DOM helpers. Values are inserted as text or attributes, never as markup, so data can't inject HTML.

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

/** @param {any} element */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (name === 'value' && 'value' in element) element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Creates an HTML element. Attributes whose value is a function are event listeners.
 * @param {string} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {any[]} children
 * @returns {any}
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Creates an SVG element; parameters as for `h`.
 * @param {string} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {any[]} children
 * @returns {any}
 */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
}

/** Creates an icon from the page's SVG sprite, hidden from screen readers. */
export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true', focusable: 'false' }, svg('use', { href: `#i-${name}` }));
}

/**
 * Returns the element with this id. Its type is open: each has the properties of its tag.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

/** Sets the text if it differs, so that unchanged elements cause no DOM mutation. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets the attribute if it differs; `null` and `undefined` remove it. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
