// Markdown to tokens, by `marked` with maths added. Tokens only: HTML is never made here, see
// markdown_blocks.js. Without static/vendor there is no Markdown, and the page shows plain text.

import { asset } from '../ui/asset.js';
import { boundedClasses, pieces, upToEmptyLine } from './markdown_bounds.js';

/** @import { Links, MarkdownLibrary, Token } from '../types.js' */

const MAX_TEX = 4_000;

// Text up to a closing mark; `$` follows pandoc's rule, so that prices stay prices.
/** @type {[RegExp, string, string][]} */
const INLINE_TEX = [
  [/^\\\(((?:[^\\]|\\(?!\)))+?)\\\)/, '\\(', '\\)'],
  [/^\$(?!\s)((?:[^$\\\n]|\\.)+?)(?<!\s)\$(?!\d)/, '$', '$'],
];
/** @type {[RegExp, string, string][]} */
const BLOCK_TEX = [
  [/^\$\$([\s\S]+?)\$\$[ \t]*(?:\n|$)/, '$$', '$$'],
  [/^\\\[([\s\S]+?)\\\][ \t]*(?:\n|$)/, '\\[', '\\]'],
];

/** @type {MarkdownLibrary | null} */
let library = null;

// The inline texts that were not read yet, by the list that their tokens will stand in.
/** @type {WeakMap<Token[], { text: string, links: Links }>} */
const unread = new WeakMap();

/** Loads the library once; false where it is missing. */
export async function loadMarkdown() {
  if (library) return true;
  try {
    /** @type {typeof import('marked')} */
    const { Lexer, Marked, Tokenizer } = await import(asset('vendor/marked.js'));
    const { BoundedLexer, BoundedTokenizer } = boundedClasses({ Lexer, Tokenizer });
    const marked = new Marked({ gfm: true, breaks: true, extensions: undefined });
    marked.use({
      extensions: [
        texExtension('inlineMaths', 'inline', INLINE_TEX),
        texExtension('blockMaths', 'block', BLOCK_TEX),
      ],
    });
    library = {
      Lexer: BoundedLexer,
      options: { ...marked.defaults, tokenizer: new BoundedTokenizer() },
    };
    return true;
  } catch {
    return false;
  }
}

export const hasMarkdown = () => library !== null;

/** The block tokens of `source`. `links`: the reference links that are known when what stands in a
    line is read, later, by `inlineTokens`. The definitions in `source` are added to `found`.
    @param {string} source
    @param {Links} links
    @param {Links} [found]
    @returns {Token[]} */
export function blockTokens(source, links, found = links) {
  const { lexer, read } = newLexer(found);
  lexer.blockTokens(source, lexer.tokens);
  for (const { src, tokens } of /** @type {{ src: string, tokens: any }[]} */ (lexer.inlineQueue)) {
    const parts = pieces(src);
    if (parts) tokens.push(...parts.map((part) => pieceToken(part, links)));
    else unread.set(tokens, { text: src, links });
  }
  return read;
}

/** The inline tokens of a block, or of a piece; they are read when first asked for.
    @param {Token[]} tokens */
export function inlineTokens(tokens) {
  const waiting = unread.get(tokens);
  if (!waiting) return tokens;
  const { text, links } = waiting;
  unread.delete(tokens);
  newLexer(links).lexer.inlineTokens(text, /** @type {any} */ (tokens));
  // Only a piece ends in the middle of a paragraph, after one of its lines.
  if (text.endsWith('\n')) tokens.push(token({ type: 'br', raw: '\n' }));
  return tokens;
}

/** A lexer, and the tokens it makes, as the page sees them. Markdown has to be loaded.
    @param {Links} links */
function newLexer(links) {
  if (!library) throw new Error('there is no Markdown');
  const lexer = new library.Lexer(library.options);
  lexer.tokens.links = /** @type {any} */ (links);
  return { lexer, read: /** @type {Token[]} */ (/** @type {unknown} */ (lexer.tokens)) };
}

/** @param {Partial<Token>} fields */
const token = (fields) => /** @type {Token} */ (fields);

/** One of several that a very long text was cut into.
    @param {{ raw: string, plain: boolean }} piece
    @param {Links} links
    @returns {Token} */
function pieceToken({ raw, plain }, links) {
  const piece = token({ type: 'piece', raw, text: raw, tokens: [] });
  if (plain) piece.tokens.push(token({ type: 'escape', raw, text: raw }));
  else unread.set(piece.tokens, { text: raw, links });
  return piece;
}

/** @param {string} name
    @param {'inline' | 'block'} level
    @param {[RegExp, string, string][]} kinds
    @returns {import('marked').TokenizerExtension} */
function texExtension(name, level, kinds) {
  return {
    name,
    level,
    start: (source) => {
      if (level === 'inline') return placeOf(source.search(/\$|\\\(/));
      const text = upToEmptyLine(source);
      for (const { 0: mark, index } of text.matchAll(/\n(?:\$\$|\\\[)/g)) {
        const closing = mark.endsWith('$') ? '$$' : '\\]';
        if (text.slice(index + mark.length, index + MAX_TEX).includes(closing)) return index;
      }
      return undefined;
    },
    tokenizer: (source) => {
      for (const [pattern, opening, closing] of kinds) {
        if (!source.startsWith(opening)) continue;
        const near = upToEmptyLine(source.slice(0, MAX_TEX));
        const formula = near.includes(closing, opening.length) && pattern.exec(near);
        if (formula) return { type: name, raw: formula[0], text: formula[1].trim() };
      }
      return undefined;
    },
  };
}

/** @param {number} at */
const placeOf = (at) => (at < 0 ? undefined : at);
