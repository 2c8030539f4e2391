// Inline tokens of Markdown as elements. Text goes in as text; raw HTML is shown, not obeyed; an
// image is a link that names its host, so that nothing is fetched because a model said so.

import { el } from '../ui/dom.js';
import { decoded } from './entities.js';
import { inlineTokens } from './markdown.js';
import { mathsNode } from './maths.js';
import { counted, isSpent, later } from '../ui/slices.js';
import { t } from '../ui/i18n.js';

/** @import { Token } from '../types.js' */

export const MAX_DEPTH = 40;

/** @type {WeakMap<Token, any>} */
const nodes = new WeakMap();

/** The element that was made for a token; null where it shows nothing.
    @param {Token} token */
export const nodeOf = (token) => nodes.get(token) ?? null;

/** Says that from now on `node` is the element of `token`.
    @template {Node | null} T
    @param {Token} token
    @param {T} node */
export function keep(token, node) {
  nodes.set(token, node);
  return node;
}

/** Shows the text of a block, a cell or a piece in `node`: at once, or as it is written until there
    is time to read it.
    @param {HTMLElement} node
    @param {Token} token */
export function fill(node, token) {
  if (!isSpent() || token.tokens[0]?.type === 'piece') return read(node, token);
  node.textContent = token.text;
  node.dataset.late = '';
  later(() => node.isConnected && read(node, token));
  return node;
}

/** `node` shows its text as it is written, for now.
    @param {HTMLElement} node */
export const isLate = (node) => 'late' in node.dataset;

/** @param {HTMLElement} node
    @param {Token} token */
function read(node, token) {
  delete node.dataset.late;
  if (token.tokens[0]?.type === 'piece') {
    node.append(...token.tokens.map((piece) => keep(piece, inlineNode(piece))));
    return node;
  }
  counted(() => node.replaceChildren(...nodesOf(inlineTokens(token.tokens), 0)));
  return node;
}

/** The node of each inline token, one by one.
    @param {Token[]} tokens
    @param {number} depth
    @returns {Node[]} */
function nodesOf(tokens, depth) {
  return tokens.map((token) => inlineNode(token, depth));
}

/** Makes the node of an inline token.
    @param {Token} token
    @param {number} [depth] */
export function inlineNode(token, depth = 0) {
  switch (token.type) {
    case 'piece':
      return fill(el('span'), token);
    case 'strong':
      return inside(el('strong'), token, depth);
    case 'em':
      return inside(el('em'), token, depth);
    case 'del':
      return inside(el('del'), token, depth);
    case 'link':
      return link(token, depth);
    case 'image':
      return image(token);
    case 'codespan':
      return el('code', { dir: 'ltr', text: token.text });
    case 'br':
      return el('br');
    case 'inlineMaths':
      return mathsNode(token.text, false);
    case 'blockMaths':
      return mathsNode(token.text, true);
    case 'checkbox':
      return el('input', { type: 'checkbox', disabled: true, checked: token.checked });
    case 'html':
      return /^<br\s*\/?>$/i.test(token.raw.trim()) ? el('br') : text(token.raw);
    case 'escape':
      return text(token.text);
    case 'text':
      return token.tokens ? inside(el('span'), token, depth) : text(decoded(token.text));
    default:
      return text(token.raw ?? '');
  }
}

/** @param {string} words */
const text = (words) => document.createTextNode(words);

/** @param {HTMLElement} node
    @param {Token} token
    @param {number} depth */
function inside(node, token, depth) {
  if (depth >= MAX_DEPTH) node.textContent = decoded(token.text);
  else node.append(...nodesOf(token.tokens, depth + 1));
  return node;
}

/** @param {Token} token
    @param {number} depth */
function link(token, depth) {
  const href = safeAddress(token.href);
  const node = href
    ? el('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow', title: href })
    : el('span');
  return inside(node, token, depth);
}

/** @param {Token} token */
function image(token) {
  const href = safeAddress(token.href);
  const words = decoded(token.text || t('image'));
  if (!href || href.startsWith('mailto:')) return el('span', { text: words });
  const { host } = new URL(href);
  return el('a', {
    class: 'remote-image',
    href,
    target: '_blank',
    rel: 'noopener noreferrer nofollow',
    text: `${words} (${host})`,
  });
}

/** The address if it leads to the web or a mailbox, else null.
    @param {string} address */
export function safeAddress(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
