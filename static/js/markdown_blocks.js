// Block tokens of Markdown as elements; see markdown_inline.js for what is never done.

import { codeBlock } from './code_block.js';
import { el } from './dom.js';
import { MAX_DEPTH, appendInline } from './markdown_inline.js';
import { mathsNode } from './maths.js';

/** The element of a block token, null for one that shows nothing. `final`: the block is complete,
    so its code may be coloured. */
export function blockNode(token, { final, depth = 0 }) {
  if (depth > MAX_DEPTH) return el('p', { text: token.raw });
  const below = { final, depth: depth + 1 };
  switch (token.type) {
    case 'space':
    case 'def': return null;
    case 'paragraph': return appendInline(el('p'), token.tokens, token.text);
    case 'text': return appendInline(el('p'), token.tokens, token.text);
    // The page's own headings are h1 and h2.
    case 'heading': return appendInline(el(`h${Math.min(token.depth + 2, 6)}`, { class: `as-h${token.depth}` }), token.tokens, token.text);
    case 'code': return codeBlock(token.text, token.lang, final);
    case 'hr': return el('hr');
    case 'blockMaths': return mathsNode(token.text, true);
    case 'blockquote': return appendBlocks(el('blockquote'), token.tokens, below);
    case 'list': return list(token, below);
    case 'table': return table(token);
    default: return el('p', { class: 'plain', text: token.raw.trimEnd() });
  }
}

function appendBlocks(parent, tokens, options) {
  for (const token of tokens) {
    const node = blockNode(token, options);
    if (node) parent.append(node);
  }
  return parent;
}

function list(token, options) {
  const start = token.ordered && token.start !== 1 ? token.start : null;
  const node = el(token.ordered ? 'ol' : 'ul', { start });
  for (const item of token.items) node.append(listItem(item, token.loose, options));
  return node;
}

function listItem(item, loose, options) {
  const node = el('li', { class: item.task ? 'task' : undefined });
  const hasBox = item.tokens.some((token) => token.type === 'checkbox' || token.tokens?.some((inner) => inner.type === 'checkbox'));
  if (item.task && !hasBox) node.append(el('input', { type: 'checkbox', disabled: true, checked: item.checked }));
  for (const token of item.tokens) {
    if (token.type === 'checkbox') node.append(el('input', { type: 'checkbox', disabled: true, checked: token.checked }));
    else if (token.type === 'text' && !loose) appendInline(node, token.tokens, token.text);
    else node.append(...[blockNode(token, options)].filter(Boolean));
  }
  return node;
}

function table(token) {
  const cell = (tag, content, index) => {
    const align = token.align[index];
    return appendInline(el(tag, { class: align ? `align-${align}` : undefined }), content.tokens, content.text);
  };
  const row = (tag, cells) => el('tr', {}, ...cells.map((content, index) => cell(tag, content, index)));
  return el('div', { class: 'table', tabindex: '0', role: 'region', label: 'table' }, el('table', {},
    el('thead', {}, row('th', token.header)),
    el('tbody', {}, ...token.rows.map((cells) => row('td', cells)))));
}
