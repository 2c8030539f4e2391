// Markdown as plain text: the words without the marks, for pasting where marks would be seen.

import { decoded } from './entities.js';
import { blockTokens, hasMarkdown, inlineTokens } from './markdown.js';

/** @import { Token } from '../types.js' */

/** `source` without its marks; code, formulas and raw HTML as they are written.
    @param {string} source */
export function plainText(source) {
  if (!hasMarkdown()) return source;
  try {
    return blocks(blockTokens(source, Object.create(null)), '\n\n').trim();
  } catch {
    return source;
  }
}

/** @param {Token[]} tokens
    @param {string} between
    @returns {string} */
function blocks(tokens, between) {
  return tokens
    .map(block)
    .filter((text) => text !== '')
    .join(between);
}

/** @param {Token} token
    @returns {string} */
function block(token) {
  switch (token.type) {
    case 'space':
    case 'hr':
    case 'def':
      return '';
    case 'code':
    case 'blockMaths':
      return token.text;
    case 'blockquote':
      return blocks(token.tokens, '\n\n');
    case 'list':
      return token.items.map((item, index) => listItem(token, item, index)).join('\n');
    case 'table':
      return [token.header, ...token.rows]
        .map((row) => row.map((cell) => inline(cell)).join('\t'))
        .join('\n');
    default:
      return inline(token);
  }
}

/** @param {Token} list
    @param {Token} item
    @param {number} index */
function listItem(list, item, index) {
  const mark = list.ordered ? `${(list.start || 1) + index}.` : '-';
  const inside = blocks(
    item.tokens.filter(({ type }) => type !== 'checkbox'),
    '\n',
  );
  return `${mark} ${inside.replaceAll('\n', `\n${' '.repeat(mark.length + 1)}`)}`;
}

/** @param {Token} token
    @returns {string} */
function inline(token) {
  if (token.type === 'br') return '\n';
  if (token.type === 'link') return address(token);
  if (token.type === 'checkbox') return '';
  if (token.type === 'codespan') return token.text;
  if (token.tokens) return inlineTokens(token.tokens).map(inline).join('');
  return decoded(token.text ?? token.raw ?? '');
}

/** @param {Token} token */
function address({ tokens, href }) {
  const words = inlineTokens(tokens).map(inline).join('');
  return href === words || href === `mailto:${words}` ? words : `${words} (${href})`;
}
