// Elements without HTML: everything on the page is made here, and every text goes in as text.

import { glyph } from './icons.js';
import { bindText } from './i18n.js';

/** @import { Child, PageElements, Properties } from '../types.js' */

/**
 * Makes an element. Properties: `class`, `text`, `t` (key of its words), `label` (key of its label
 * and tooltip), `placeholder`, `params` (for these keys), `icon`, `on` ({event: listener}),
 * `data` ({name: value}); any other is an attribute, left out when false or null.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const {
    class: names,
    text,
    t,
    label,
    placeholder,
    params,
    icon: drawn,
    on,
    data,
    ...attributes
  } = properties;
  if (names) node.className = names;
  if (text !== undefined) node.textContent = text;
  if (drawn) node.append(glyph(drawn));
  if (t) bindText(node, t, params);
  if (label) bindText(node, label, params, 'tLabel');
  if (placeholder) bindText(node, placeholder, params, 'tPlaceholder');
  for (const [name, listener] of Object.entries(on ?? {}))
    node.addEventListener(name, /** @type {EventListener} */ (listener));
  Object.assign(node.dataset, data);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button; `properties` as for `el`.
    @param {Properties} properties
    @param {...Child} children */
export function button(properties, ...children) {
  return el('button', { type: 'button', ...properties }, ...children);
}

/** An icon beside words; screen readers pass it by.
    @param {string} name */
export function icon(name) {
  return el('span', { class: 'icon', icon: name });
}

/** Draws the icons that index.html names by `data-icon`.
    @param {ParentNode} root */
export function drawIcons(root) {
  for (const node of root.querySelectorAll('[data-icon]'))
    node.replaceChildren(glyph(node.getAttribute('data-icon') ?? ''));
}

/** @template {keyof PageElements} Id
    @param {Id} id
    @returns {PageElements[Id]} */
export const byId = (id) => /** @type {PageElements[Id]} */ (document.getElementById(id));
