// Markdown as plain text: the words without the marks, for pasting where marks would be seen, and for
// reading aloud.

import { decoded } from './entities.js';
import { blockTokens, hasMarkdown, inlineTokens } from './markdown.js';

/** @import { Token } from '../types.js' */

/** @typedef {object} Style how what is no plain words is put
    @property {(token: Token) => string} code
    @property {(token: Token) => string} html
    @property {(token: Token) => string} maths
    @property {(words: string, href: string) => string} link
    @property {string} cells what stands between those of a table
    @property {string} bullet */

/** For pasting: code, formulas and raw HTML as they are written. @type {Style} */
const WRITTEN = {
  code: ({ text }) => text,
  html: ({ text, raw }) => decoded(text ?? raw ?? ''),
  maths: ({ text }) => text,
  link: (words, href) =>
    href === words || href === `mailto:${words}` ? words : `${words} (${href})`,
  cells: '\t',
  bullet: '- ',
};

/** `source` without its marks.
    @param {string} source
    @param {Style} [style] */
export function plainText(source, style = WRITTEN) {
  if (!hasMarkdown()) return source;
  try {
    return blocks(blockTokens(source, Object.create(null)), style, '\n\n').trim();
  } catch {
    return source;
  }
}

/** @param {Token[]} tokens
    @param {Style} style
    @param {string} between
    @returns {string} */
function blocks(tokens, style, between) {
  return tokens
    .map((token) => block(token, style))
    .filter((text) => text !== '')
    .join(between);
}

/** @param {Token} token
    @param {Style} style
    @returns {string} */
function block(token, style) {
  switch (token.type) {
    case 'space':
    case 'hr':
    case 'def':
      return '';
    case 'code':
      return style.code(token);
    case 'html':
      return style.html(token);
    case 'blockMaths':
      return style.maths(token);
    case 'blockquote':
      return blocks(token.tokens, style, '\n\n');
    case 'list':
      return token.items.map((item, index) => listItem(token, item, index, style)).join('\n');
    case 'table':
      return [token.header, ...token.rows]
        .map((row) => row.map((cell) => inline(cell, style)).join(style.cells))
        .join('\n');
    default:
      return inline(token, style);
  }
}

/** @param {Token} list
    @param {Token} item
    @param {number} index
    @param {Style} style */
function listItem(list, item, index, style) {
  const mark = list.ordered ? `${(list.start || 1) + index}. ` : style.bullet;
  const inside = blocks(
    item.tokens.filter(({ type }) => type !== 'checkbox'),
    style,
    '\n',
  );
  return `${mark}${inside.replaceAll('\n', `\n${' '.repeat(mark.length)}`)}`;
}

/** @param {Token} token
    @param {Style} style
    @returns {string} */
function inline(token, style) {
  if (token.type === 'br') return '\n';
  if (token.type === 'link')
    return style.link(
      inlineTokens(token.tokens)
        .map((one) => inline(one, style))
        .join(''),
      token.href,
    );
  if (token.type === 'checkbox') return '';
  if (token.type === 'codespan') return token.text;
  if (token.type === 'html') return style.html(token);
  if (token.type === 'inlineMaths') return style.maths(token);
  if (token.tokens)
    return inlineTokens(token.tokens)
      .map((one) => inline(one, style))
      .join('');
  return decoded(token.text ?? token.raw ?? '');
}
