// Markdown to tokens, by `marked` with maths added. Tokens only: HTML is never made here, see
// markdown_blocks.js. Without static/vendor there is no Markdown, and the page shows plain text.

const MAX_TEX = 4_000;

// Text up to a closing mark; `$` follows pandoc's rule, so that prices stay prices.
const INLINE_TEX = [
  /^\\\(((?:[^\\]|\\(?!\)))+?)\\\)/,
  /^\$(?!\s)((?:[^$\\\n]|\\.)+?)(?<!\s)\$(?!\d)/,
];
const BLOCK_TEX = [/^\$\$([\s\S]+?)\$\$[ \t]*(?:\n|$)/, /^\\\[([\s\S]+?)\\\][ \t]*(?:\n|$)/];

let marked = null;

/** Loads the library once; false where it is missing. */
export async function loadMarkdown() {
  if (marked) return true;
  try {
    const { Lexer, Marked } = await import('/static/vendor/marked.js');
    const instance = new Marked({ gfm: true, breaks: true, extensions: undefined });
    instance.use({ extensions: [texExtension('inlineMaths', 'inline', INLINE_TEX), texExtension('blockMaths', 'block', BLOCK_TEX)] });
    marked = { Lexer, options: instance.defaults };
    return true;
  } catch {
    return false;
  }
}

export const hasMarkdown = () => marked !== null;

/** The block tokens of `source`. `links`: the reference links known so far; new ones are added. */
export function blockTokens(source, links) {
  const lexer = new marked.Lexer(marked.options);
  lexer.tokens.links = links;
  return lexer.lex(source);
}

function texExtension(name, level, patterns) {
  return {
    name,
    level,
    start: (source) => {
      const at = source.search(level === 'block' ? /(?:^|\n)(?:\$\$|\\\[)/ : /\$|\\\(/);
      return at < 0 ? undefined : at;
    },
    tokenizer: (source) => {
      for (const pattern of patterns) {
        const found = pattern.exec(source);
        if (found && found[1].length <= MAX_TEX) return { type: name, raw: found[0], text: found[1].trim() };
      }
      return undefined;
    },
  };
}
