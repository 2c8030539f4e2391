// Formulas by KaTeX, loaded when the first one appears. Until then, and where it is missing, the
// source of the formula is shown.

import { asset, styleSheet } from '../ui/asset.js';
import { el } from '../ui/dom.js';
import { counted, isSpent, later } from '../ui/slices.js';

// Limits against formulas made to hang a page: expansions of macros, and em of one rule.
const LIMITS = { maxExpand: 200, maxSize: 20 };

/** @type {Promise<unknown> | null} */
let library = null;
/** @type {typeof globalThis.katex | null} */
let katex = null;

/** The element of a formula. `display`: on a line of its own.
    @param {string} tex
    @param {boolean} display */
export function mathsNode(tex, display) {
  const node = el(display ? 'div' : 'span', {
    class: display ? 'maths display' : 'maths',
    dir: 'ltr',
    text: tex,
  });
  const show = () => render(node, tex, display);
  if (katex && !isSpent()) counted(show);
  else
    load().then(
      () => later(show),
      () => {},
    );
  return node;
}

async function load() {
  library ??= import(asset('vendor/katex/katex.js'));
  await library;
  if (!katex) document.head.append(styleSheet('vendor/katex/katex.css'));
  katex = globalThis.katex;
}

/** @param {HTMLElement} node
    @param {string} tex
    @param {boolean} display */
function render(node, tex, display) {
  try {
    katex?.render(tex, node, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      strict: 'ignore',
      ...LIMITS,
    });
  } catch {
    node.textContent = tex;
  }
}
