// Block tokens of Markdown as elements; see markdown_inline.js for what is never done. Every token
// has one element at most, and it is known which: markdown_update.js goes on from there.

import { codeBlock } from './code_block.js';
import { el } from '../ui/dom.js';
import { MAX_DEPTH, fill, keep } from './markdown_inline.js';
import { mathsNode } from './maths.js';

/** @import { Token } from '../types.js' */

// The page's own headings are h1 and h2.
/** @type {Record<number, 'h3' | 'h4' | 'h5' | 'h6'>} */
const HEADINGS = { 1: 'h3', 2: 'h4', 3: 'h5', 4: 'h6', 5: 'h6', 6: 'h6' };

/** Makes the element of a block token, null for one that shows nothing.
    @param {Token} token
    @param {number} [depth] */
export function blockNode(token, depth = 0) {
  return keep(token, depth > MAX_DEPTH ? el('p', { text: token.raw }) : made(token, depth));
}

/** @param {Token} token
    @param {number} depth */
function made(token, depth) {
  // What stands inside a block follows its direction; see prose.css.
  const dir = depth === 0 ? 'auto' : null;
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'paragraph':
      return fill(el('p', { dir }), token);
    case 'text':
      return fill(el(depth === 0 ? 'p' : 'span', { dir }), token);
    case 'heading':
      return fill(el(HEADINGS[token.depth], { class: `as-h${token.depth}`, dir }), token);
    case 'code':
      return codeBlock(token.text, token.lang);
    case 'hr':
      return el('hr');
    case 'checkbox':
      return checkbox(token.checked);
    case 'blockMaths':
      return mathsNode(token.text, true);
    case 'blockquote':
      return appendBlocks(el('blockquote', { dir }), token.tokens, depth);
    case 'list':
      return appendItems(
        el(token.ordered ? 'ol' : 'ul', {
          start: token.ordered && token.start !== 1 ? token.start : null,
          dir,
        }),
        token,
        depth,
      );
    case 'table':
      return table(token, dir);
    default:
      return el('p', { class: 'plain', text: token.raw.trimEnd(), dir });
  }
}

/** @template {HTMLElement} T
    @param {T} parent
    @param {Token[]} tokens
    @param {number} depth */
function appendBlocks(parent, tokens, depth) {
  for (const token of tokens) {
    const node = blockNode(token, depth + 1);
    if (node) parent.append(node);
  }
  return parent;
}

/** @param {HTMLElement} parent
    @param {Token} token
    @param {number} depth */
function appendItems(parent, token, depth) {
  for (const item of token.items) parent.append(itemNode(item, depth + 1));
  return parent;
}

/** The element of a list's item.
    @param {Token} item
    @param {number} depth */
export function itemNode(item, depth) {
  const node = el('li', { class: item.task ? 'task' : undefined });
  const hasBox = item.tokens.some(
    (token) =>
      token.type === 'checkbox' || token.tokens?.some((inner) => inner.type === 'checkbox'),
  );
  if (item.task && !hasBox) node.append(checkbox(item.checked));
  return keep(item, appendBlocks(node, item.tokens, depth));
}

/** @param {boolean} checked */
const checkbox = (checked) => el('input', { type: 'checkbox', disabled: true, checked });

/** @param {Token} token
    @param {string | null} dir */
function table(token, dir) {
  return el(
    'div',
    { class: 'table', tabindex: '0', role: 'region', label: 'table', dir },
    el(
      'table',
      {},
      el('thead', {}, rowNode('th', token.header, token.align)),
      el('tbody', {}, ...token.rows.map((cells) => rowNode('td', cells, token.align))),
    ),
  );
}

/** The element of a table's row.
    @param {'th' | 'td'} tag
    @param {Token[]} cells
    @param {(string | null)[]} align */
export function rowNode(tag, cells, align) {
  return el(
    'tr',
    {},
    ...cells.map((cell, index) =>
      keep(
        cell,
        fill(el(tag, { class: align[index] ? `align-${align[index]}` : undefined }), cell),
      ),
    ),
  );
}
