// Drawn Markdown that grows. Tokens are compared with those that were drawn before; what did not
// change keeps its element, and in what did as much as possible stays, so that a selection, a
// scrolled block of code and a button under the pointer outlive the next words.

import { blockNode, itemNode, rowNode } from './markdown_blocks.js';
import { fill, inlineNode, isLate, keep, nodeOf } from './markdown_inline.js';
import { inlineTokens } from './markdown.js';

/** @import { Token } from '../types.js' */

/** Makes `parent` show `after` where it showed `before`; the elements of `before` are its last. In
    `after`, what is the same becomes the token that it was.
    @param {HTMLElement} parent
    @param {Token[]} before
    @param {Token[]} after
    @param {number} [depth] */
export function updateBlocks(parent, before, after, depth = 0) {
  updateAll(parent, before, after, {
    make: (token) => blockNode(token, depth),
    update: (node, was, is) => updateBlock(node, was, is, depth),
  });
}

/** @typedef {object} Kind of tokens
    @property {(token: Token) => Node | null} make
    @property {(node: any, was: Token, is: Token) => boolean} update false where it has to be made anew */

/** @param {HTMLElement} parent
    @param {Token[]} before
    @param {Token[]} after
    @param {Kind} kind */
function updateAll(parent, before, after, { make, update }) {
  for (const [index, token] of after.entries()) {
    const was = before[index];
    const node = was ? nodeOf(was) : null;
    if (was && isSame(was, token)) after[index] = was;
    else if (node && update(node, was, token)) keep(token, node);
    else replace(parent, node, make(token), before.slice(index + 1));
  }
  for (const token of before.slice(after.length)) nodeOf(token)?.remove();
}

/** @param {HTMLElement} parent
    @param {ChildNode | null} node
    @param {Node | null} made
    @param {Token[]} following */
function replace(parent, node, made, following) {
  if (node && made) node.replaceWith(made);
  else if (node) node.remove();
  else if (made) parent.insertBefore(made, following.map(nodeOf).find(Boolean) ?? null);
}

/** @param {Token} was
    @param {Token} is */
const isSame = (was, is) =>
  was.type === is.type &&
  was.raw === is.raw &&
  was.loose === is.loose &&
  was.checked === is.checked;

/** Brings `node` from `was` to `is`; false where it has to be made anew.
    @param {HTMLElement} node
    @param {Token} was
    @param {Token} is
    @param {number} depth */
function updateBlock(node, was, is, depth) {
  if (was.type !== is.type) return false;
  switch (is.type) {
    case 'paragraph':
    case 'text':
      return updateText(node, was, is);
    case 'heading':
      return was.depth === is.depth && updateText(node, was, is);
    case 'code':
      return was.lang === is.lang && updateWords(node.querySelector('code')?.firstChild, is.text);
    case 'blockquote':
      return updateInside(node, was.tokens, is.tokens, depth);
    case 'list':
      return updateList(node, was, is, depth);
    case 'table':
      return updateTable(node, was, is);
    default:
      return false;
  }
}

/** @param {HTMLElement} node
    @param {Token[]} before
    @param {Token[]} after
    @param {number} depth */
function updateInside(node, before, after, depth) {
  updateBlocks(node, before, after, depth + 1);
  return true;
}

/** @param {HTMLElement} node
    @param {Token} was
    @param {Token} is
    @param {number} depth */
function updateList(node, was, is, depth) {
  if (was.ordered !== is.ordered || was.start !== is.start || was.loose !== is.loose) return false;
  updateAll(node, was.items, is.items, {
    make: (item) => itemNode(item, depth + 1),
    update: (li, before, after) =>
      before.task === after.task &&
      before.checked === after.checked &&
      updateInside(li, before.tokens, after.tokens, depth + 1),
  });
  return true;
}

/** @param {HTMLElement} node
    @param {Token} was
    @param {Token} is */
function updateTable(node, was, is) {
  /** @param {Token} cell
      @param {number} index */
  const isOld = (cell, index) =>
    cell.text === was.header[index]?.text && is.align[index] === was.align[index];
  if (is.header.length !== was.header.length || !is.header.every(isOld)) return false;
  is.header = was.header;
  const body = node.querySelector('tbody');
  for (const [index, cells] of is.rows.entries()) {
    const before = was.rows[index];
    if (!before) body?.append(rowNode('td', cells, is.align));
    for (const [column, cell] of before?.entries() ?? []) updateCell(cells, column, cell);
  }
  return is.rows.length >= was.rows.length;
}

/** @param {Token[]} cells
    @param {number} column
    @param {Token} was */
function updateCell(cells, column, was) {
  const cell = cells[column];
  if (was.text === cell.text) cells[column] = was;
  else if (updateText(nodeOf(was), was, cell)) keep(cell, nodeOf(was));
  else keep(cell, fill(nodeOf(was), cell));
}

/** Running text: the nodes of its tokens are the children of `node`, one by one.
    @param {HTMLElement} node
    @param {Token} was
    @param {Token} is */
function updateText(node, was, is) {
  if (isLate(node)) return false;
  const [before, after] = [inlineTokens(was.tokens), inlineTokens(is.tokens)];
  /** @param {Token[]} tokens */
  const inPieces = (tokens) => tokens[0]?.type === 'piece';
  if (inPieces(before) !== inPieces(after)) return false;
  if (inPieces(after)) {
    updateAll(node, before, after, {
      make: (piece) => keep(piece, inlineNode(piece)),
      update: updateText,
    });
    return true;
  }
  const old = [...node.childNodes];
  for (const [index, token] of after.entries()) {
    if (before[index]?.type === token.type && before[index].raw === token.raw) continue;
    const made = inlineNode(token);
    if (!old[index]) node.append(made);
    else if (!settle(old[index], made)) old[index].replaceWith(made);
  }
  for (const extra of old.slice(after.length)) extra.remove();
  return true;
}

/** Makes an inline node like `made`, if they are of one kind.
    @param {ChildNode} node
    @param {Node} made
    @returns {boolean} */
function settle(node, made) {
  if (node instanceof Text) return made instanceof Text && updateWords(node, made.data);
  if (node.isEqualNode(made)) return true;
  if (!(node instanceof Element)) return false;
  const isFixed = node.localName === 'input' || node.matches('.maths');
  if (isFixed || !node.cloneNode().isEqualNode(made.cloneNode())) return false;
  const old = [...node.childNodes];
  const wanted = [...made.childNodes];
  for (const [index, child] of wanted.entries()) {
    if (!old[index]) node.append(child);
    else if (!settle(old[index], child)) old[index].replaceWith(child);
  }
  for (const extra of old.slice(wanted.length)) extra.remove();
  return true;
}

/** Changes a text from where it is another, so that a selection before that point stays.
    @param {Node | null | undefined} node
    @param {string} words */
function updateWords(node, words) {
  if (!(node instanceof Text)) return false;
  const { data } = node;
  let same = data.length;
  if (!words.startsWith(data))
    for (same = 0; same < words.length && data[same] === words[same]; ) same += 1;
  node.replaceData(same, data.length - same, words.slice(same));
  return true;
}
