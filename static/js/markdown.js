// Markdown to tokens, by `marked` with maths added. Tokens only: HTML is never made here, see
// markdown_blocks.js. Without static/vendor there is no Markdown, and the page shows plain text.

import { boundedClasses, pieces, upToEmptyLine } from './markdown_bounds.js';

const MAX_TEX = 4_000;

// Text up to a closing mark; `$` follows pandoc's rule, so that prices stay prices.
const INLINE_TEX = [
  [/^\\\(((?:[^\\]|\\(?!\)))+?)\\\)/, '\\(', '\\)'],
  [/^\$(?!\s)((?:[^$\\\n]|\\.)+?)(?<!\s)\$(?!\d)/, '$', '$'],
];
const BLOCK_TEX = [
  [/^\$\$([\s\S]+?)\$\$[ \t]*(?:\n|$)/, '$$', '$$'],
  [/^\\\[([\s\S]+?)\\\][ \t]*(?:\n|$)/, '\\[', '\\]'],
];

let library = null;

// The inline texts that were not read yet, by the list that their tokens will stand in.
const unread = new WeakMap();

/** Loads the library once; false where it is missing. */
export async function loadMarkdown() {
  if (library) return true;
  try {
    const { Lexer, Marked, Tokenizer } = await import('/static/vendor/marked.js');
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
    line is read, later, by `inlineTokens`. The definitions in `source` are added to `found`. */
export function blockTokens(source, links, found = links) {
  const lexer = new library.Lexer(library.options);
  lexer.tokens.links = found;
  lexer.blockTokens(source, lexer.tokens);
  for (const { src, tokens } of lexer.inlineQueue) {
    const parts = pieces(src);
    if (parts) tokens.push(...parts.map((part) => pieceToken(part, links)));
    else unread.set(tokens, { text: src, links });
  }
  return lexer.tokens;
}

/** The inline tokens of a block, or of a piece; they are read when first asked for. */
export function inlineTokens(tokens) {
  if (!unread.has(tokens)) return tokens;
  const { text, links } = unread.get(tokens);
  unread.delete(tokens);
  const lexer = new library.Lexer(library.options);
  lexer.tokens.links = links;
  lexer.inlineTokens(text, tokens);
  // Only a piece ends in the middle of a paragraph, after one of its lines.
  if (text.endsWith('\n')) tokens.push({ type: 'br', raw: '\n' });
  return tokens;
}

/** One of several that a very long text was cut into. */
function pieceToken({ raw, plain }, links) {
  const token = { type: 'piece', raw, text: raw, tokens: [] };
  if (plain) token.tokens.push({ type: 'escape', raw, text: raw });
  else unread.set(token.tokens, { text: raw, links });
  return token;
}

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

const placeOf = (at) => (at < 0 ? undefined : at);
