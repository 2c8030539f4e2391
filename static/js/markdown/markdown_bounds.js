// Keeps the Markdown library from running away. Some of its rules take time that grows with the
// square of the text, or faster; a model that repeats itself would freeze the page with them. Each
// bound here lies far beyond what is written for reading, and what is beyond it is still shown.

// Nested quotes and lists: in one line (`> > > -`), and altogether.
const MAX_MARKERS = 10;
const MAX_NESTED = 16;
const MARKERS = new RegExp(
  `^[ \\t]*(?:(?:>|(?:[-*+]|\\d{1,9}[.)])(?=[ \\t]))[ \\t]*){${MAX_MARKERS + 1}}`,
);

// A heading that is underlined is looked for in no more than this.
const MAX_HEADING = 4_000;

// No formula and no definition goes on after it; else what was read long ago might change.
const EMPTY_LINE = /\n[ \t]*\n/;

// Lines of an item, without an empty one between, that are read one by one.
const MAX_ITEM_TEXT = 2_000;

// Inline rules: marks such as * and [ in one piece, characters in one piece, and in one "word".
const MAX_MARKS = 400;
const MAX_PIECE = 4_000;
const WHOLE = 2;
const MAX_WORD = 2_000;
const LONG_WORD = new RegExp(`[!-~]{${MAX_WORD},}`, 'g');
const MARKS = new Set('*_~`[]<&\\$'.split('').map((mark) => mark.charCodeAt(0)));

/** The library's two classes, bounded.
    @param {Pick<typeof import('marked'), 'Lexer' | 'Tokenizer'>} library */
export function boundedClasses({ Lexer, Tokenizer }) {
  class BoundedTokenizer extends Tokenizer {
    /** @param {string} source
        @returns {import('marked').Tokens.Blockquote | undefined} */
    blockquote(source) {
      return MARKERS.test(source) ? undefined : super.blockquote(source);
    }

    /** @param {string} source
        @returns {import('marked').Tokens.List | undefined} */
    list(source) {
      return MARKERS.test(source) ? undefined : super.list(source);
    }

    /** @param {string} source
        @returns {import('marked').Tokens.Heading | undefined} */
    lheading(source) {
      const found = super.lheading(source.slice(0, MAX_HEADING));
      const isShort = found && found.raw.length < MAX_HEADING / 2;
      return source.length <= MAX_HEADING || isShort ? found : undefined;
    }

    // A title in quotes could reach over any number of blocks.
    /** @param {string} source
        @returns {import('marked').Tokens.Def | undefined} */
    def(source) {
      return /^ {0,3}\[/.test(source) ? super.def(upToEmptyLine(source)) : undefined;
    }

    // Without a | or : in its second line it is none; the library finds out after reading all.
    /** @param {string} source
        @returns {import('marked').Tokens.Table | undefined} */
    table(source) {
      return /^[^\n]*\n[^\n]*[|:]/.test(source) ? super.table(source) : undefined;
    }

    /** @param {string} source
        @returns {import('marked').Tokens.Text | undefined} */
    text(source) {
      const last = this.lexer.state.lastToken;
      if (last?.type !== 'text' || last.text.length < MAX_ITEM_TEXT) return super.text(source);
      const end = source.search(/\n[ \t]*\n/);
      const raw = end < 0 ? source : source.slice(0, end);
      return { type: 'text', raw, text: raw, tokens: this.lexer.inline(raw) };
    }
  }

  class BoundedLexer extends Lexer {
    #depth = 0;

    /** @param {string} source
        @param {import('marked').Token[]} [tokens]
        @param {boolean} [last]
        @returns {any} */
    blockTokens(source, tokens = [], last = false) {
      if (this.#depth >= MAX_NESTED) {
        tokens.push({ type: 'text', raw: source, text: source, tokens: this.inline(source) });
        return tokens;
      }
      this.#depth += 1;
      try {
        return super.blockTokens(source, tokens, last);
      } finally {
        this.#depth -= 1;
      }
    }
  }

  return { BoundedTokenizer, BoundedLexer };
}

/** The lines of `source` before the first empty one.
    @param {string} source */
export function upToEmptyLine(source) {
  const end = source.search(EMPTY_LINE);
  return end < 0 ? source : source.slice(0, end + 1);
}

/**
 * Cuts running text into `{ raw, plain }` that may be read each by itself; null for a text that may
 * be read whole. `plain`: to be shown as it is. Where it is cut depends on what stands before only,
 * so that the pieces of a growing text stay the same.
 * @param {string} text
 */
export function pieces(text) {
  const hasLongWord = text.length >= MAX_WORD && text.search(LONG_WORD) >= 0;
  if (!hasLongWord && pieceEnd(text, 0, WHOLE) === text.length) return null;
  const found = [];
  let at = 0;
  for (const { 0: word, index } of text.matchAll(LONG_WORD)) {
    cut(text, at, index, found);
    found.push({ raw: word, plain: true });
    at = index + word.length;
  }
  cut(text, at, text.length, found);
  return found;
}

/** @param {string} text
    @param {number} from
    @param {number} to
    @param {{ raw: string, plain: boolean }[]} found */
function cut(text, from, to, found) {
  const part = text.slice(from, to);
  for (let at = 0; at < part.length; ) {
    const end = pieceEnd(part, at);
    found.push({ raw: part.slice(at, end), plain: false });
    at = end;
  }
}

/** Where a piece that begins at `start` ends: after a line if possible, else after a word.
    @param {string} text
    @param {number} start
    @param {number} [times] */
function pieceEnd(text, start, times = 1) {
  const limit = Math.min(text.length, start + MAX_PIECE * times);
  let marks = 0;
  let end = start;
  while (end < limit && marks <= MAX_MARKS * times) {
    if (MARKS.has(text.charCodeAt(end))) marks += 1;
    end += 1;
  }
  if (end === text.length) return end;
  for (const space of ['\n', ' ']) {
    const at = text.lastIndexOf(space, end - 1);
    if (at > start + (end - start) / 2) return at + 1;
  }
  // Not in the middle of a character beyond U+FFFF.
  return /[\ud800-\udbff]/.test(text[end - 1]) ? end + 1 : end;
}
