// The page's words. One JSON of strings per language; elements carry keys, so that a change of
// language only fills them again.

import { asset } from './asset.js';
import { recall, remember } from './prefs.js';

/** @import { Params } from '../types.js' */

/** @type {Record<string, { name: string, dir: string }>} */
export const LANGUAGES = {
  en: { name: 'English', dir: 'ltr' },
  'zh-CN': { name: '简体中文', dir: 'ltr' },
};

/** @type {Record<string, string>} */
let strings = {};
let current = 'en';

/** The language chosen here before, else the first of the browser's that the page has words in. */
export function preferredLanguage() {
  const chosen = recall('language', '');
  if (chosen in LANGUAGES) return chosen;
  for (const wanted of navigator.languages ?? []) {
    const [base] = wanted.toLowerCase().split('-');
    if (base === 'zh') return 'zh-CN';
    if (base === 'en') return 'en';
  }
  return 'en';
}

export const language = () => current;

/** Loads a language and fills the whole document with it.
    @param {string} code
    @param {{ keep?: boolean }} [how] */
export async function setLanguage(code, { keep = false } = {}) {
  const answer = await fetch(asset(`i18n/${code}.json`));
  strings = await answer.json();
  current = code;
  if (keep) remember('language', code);
  document.documentElement.lang = code;
  document.documentElement.dir = LANGUAGES[code].dir;
  fill(document);
  document.dispatchEvent(new Event('languagechange'));
}

/** The string of `key` with `{name}` replaced by `params.name`; numbers in the reader's form.
    @param {string} key
    @param {Params} [params] */
export function t(key, params = {}) {
  const text = strings[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? number(value) : String(value);
  });
}

/** Whether there is a string of `key`.
    @param {string} key */
export const knows = (key) => key in strings;

/** @param {number} value
    @param {number} [digits] */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(current, { maximumFractionDigits: digits }).format(value);
}

/** @type {Record<string, (node: HTMLElement, text: string) => void>} */
const FORMS = {
  t: (node, text) => {
    node.textContent = text;
  },
  tLabel: (node, text) => {
    node.setAttribute('aria-label', text);
    node.title = text;
  },
  tPlaceholder: (node, text) => {
    node.setAttribute('placeholder', text);
  },
};

const SELECTOR = '[data-t], [data-t-label], [data-t-placeholder]';

/** Writes the words into every element below `root` that carries a key.
    @param {ParentNode} root */
export function fill(root) {
  /** @type {NodeListOf<HTMLElement>} */
  const nodes = root.querySelectorAll(SELECTOR);
  nodes.forEach(fillOne);
}

/** Gives `node` the words of `key`, now and after every change of language.
    `form`: `t` its text, `tLabel` its label and tooltip, `tPlaceholder`.
    @param {HTMLElement} node
    @param {string} key
    @param {Params} [params]
    @param {string} [form] */
export function bindText(node, key, params, form = 't') {
  node.dataset[form] = key;
  if (params) node.dataset.tParams = JSON.stringify(params);
  else delete node.dataset.tParams;
  fillOne(node);
}

/** @param {HTMLElement} node */
function fillOne(node) {
  const params = node.dataset.tParams ? JSON.parse(node.dataset.tParams) : undefined;
  for (const [form, write] of Object.entries(FORMS)) {
    if (node.dataset[form]) write(node, t(node.dataset[form], params));
  }
}
