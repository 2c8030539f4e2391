// The text of an answer as Markdown that stays still while it grows: finished blocks are drawn once
// and never touched again, and of the last one only what changed, at most twenty times a second. The
// very first words are drawn at once. What takes long is drawn in parts, with pauses in between.

import { finishCode } from './code_block.js';
import { el } from '../ui/dom.js';
import { blockTokens } from './markdown.js';
import { nodeOf } from './markdown_inline.js';
import { updateBlocks } from './markdown_update.js';

/** @import { Links, Token } from '../types.js' */

const PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;
// A draw that took 10 ms is followed by a pause of 40 ms at least.
const PAUSE_PER_COST = 4;
const PART_MS = 30;

// How much is read at a time. A block that is longer is read again with twice as much, up to a bound
// beyond which it ends; only code and tables may be longer, because they are read in one go.
const WINDOW = 16_000;
const MAX_BLOCK = 64_000;
const MAX_BLOCK_LINES = 2_000;
const UNBOUND = ['code', 'table'];

const EMPTY_LINE = /\n[ \t]*\n/;

export class MarkdownBody {
  #source = '';
  #seen = 0;
  #frozen = 0;
  #window = WINDOW;
  /** @type {Links} */
  #links = Object.create(null);
  #isDrawnAgain = false;
  /** @type {Token[]} the blocks that may still change */
  #open = [];
  #clock = 0;
  #pause = PAUSE_MS;
  #isComplete = false;
  #folds;

  /** `folds`: long code is folded at first, because nobody has begun to read it.
      @param {{ folds?: boolean }} [how] */
  constructor({ folds = false } = {}) {
    this.#folds = folds;
    this.node = el('div', { class: 'body prose' });
  }

  /** Shows `content`, which begins with what was shown before.
      @param {string} content */
  show(content) {
    this.#source += content.slice(this.#seen).replaceAll('\r', '');
    this.#seen = content.length;
    if (this.isEmpty) this.#draw();
    else this.#clock ||= setTimeout(() => this.#draw(), this.#pause);
  }

  /** Nothing is drawn yet. */
  get isEmpty() {
    return !this.node.hasChildNodes();
  }

  /** The text is complete. */
  finish() {
    this.#isComplete = true;
    this.#draw();
  }

  #draw() {
    clearTimeout(this.#clock);
    this.#clock = 0;
    const began = performance.now();
    let cost = 0;
    let isBehind = true;
    while (isBehind && cost < PART_MS) {
      isBehind = this.#drawWindow();
      cost = performance.now() - began;
    }
    this.#pause = Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, cost * PAUSE_PER_COST));
    if (isBehind) this.#clock = setTimeout(() => this.#draw());
    else if (this.#isComplete && !this.#isDrawnAgain && Object.keys(this.#links).length > 0)
      this.#drawAgain();
  }

  /** Once more from the beginning: a reference may have been used before the line that defines it. */
  #drawAgain() {
    this.#isDrawnAgain = true;
    this.#frozen = 0;
    this.#open = [];
    this.node.replaceChildren();
    this.#draw();
  }

  /** Draws what is not finished yet, or the first part of it. Returns whether there is more. */
  #drawWindow() {
    const { end, isFull } = this.#reach();
    const isRest = end === this.#source.length;
    const text = this.#source.slice(this.#frozen, end);
    const tokens = this.#tokens(text);
    updateBlocks(this.node, this.#open, tokens);
    const isEnd = isRest && this.#isComplete;
    let kept = this.#freeze(tokens, isEnd ? tokens.length : countFinished(tokens, text));
    // Too long for waiting what becomes of it, but the last block may still go on.
    if (kept === 0 && isFull)
      kept = this.#freeze(
        tokens,
        tokens.findLastIndex(({ type }) => type !== 'space'),
      );
    this.#open = tokens.slice(kept);
    if (kept > 0) this.#window = WINDOW;
    else if (!isRest) this.#widen(tokens, end, isFull);
    if (isEnd) for (const token of this.#open) this.#close(token);
    return !isRest;
  }

  /** How far to read: to the end of a line, best of one that is not followed by an indented one. */
  #reach() {
    const source = this.#source;
    if (this.#window === Infinity) return { end: source.length, isFull: false };
    let end = Math.min(source.length, this.#frozen + this.#window);
    let isFull = this.#window >= MAX_BLOCK && end < source.length;
    let line = this.#frozen;
    for (let lines = 0; lines < MAX_BLOCK_LINES && line < end; lines += 1)
      line = source.indexOf('\n', line) + 1 || end;
    if (line < end) [end, isFull] = [line, true];
    if (end === source.length) return { end, isFull };
    for (let at = end; at > end - WINDOW / 2 && at > this.#frozen; at -= 1) {
      if (source[at - 1] === '\n' && source[at] > ' ') return { end: at, isFull };
    }
    return { end, isFull };
  }

  /** A block is longer than what was read: more of it next time, or it ends here.
      @param {Token[]} tokens
      @param {number} end
      @param {boolean} isFull */
  #widen(tokens, end, isFull) {
    if (!isFull) this.#window *= 2;
    else if (UNBOUND.includes(tokens.at(-1)?.type ?? '')) this.#window = Infinity;
    else {
      for (const token of this.#open) this.#close(token);
      this.#open = [];
      this.#frozen = end;
      this.#window = WINDOW;
    }
  }

  /** It is shown no longer. */
  leave() {
    clearTimeout(this.#clock);
    this.#clock = 0;
  }

  /** Leaves the first `count` blocks as they are drawn; returns how many. Not where the library changed
      the text on its way, so that it cannot be told where in the source the block ends.
      @param {Token[]} tokens
      @param {number} count */
  #freeze(tokens, count) {
    for (let kept = 0; kept < count; kept += 1) {
      const { raw } = tokens[kept];
      if (!this.#source.startsWith(raw, this.#frozen)) return kept;
      this.#frozen += raw.length;
      this.#close(tokens[kept]);
    }
    return Math.max(0, count);
  }

  /** A block will not change any more. Not before that the addresses in it are whole.
      @param {Token} token */
  #close(token) {
    const node = nodeOf(token);
    if (node) finishCode(node, { folded: this.#folds });
    this.#learn(token);
  }

  /** Takes over the definitions of links in a block; the first of a name counts.
      @param {Token} token */
  #learn({ type, tag, href, title, tokens, items }) {
    if (type === 'def') this.#links[tag] ??= { href, title };
    const holdsBlocks = type === 'list_item' || type === 'blockquote';
    const inside = type === 'list' ? items : holdsBlocks ? tokens : [];
    for (const token of inside) this.#learn(token);
  }

  /** A text that cannot be read as Markdown is shown as it is.
      @param {string} text
      @returns {Token[]} */
  #tokens(text) {
    try {
      return blockTokens(text, this.#links, Object.create(null));
    } catch {
      return [/** @type {Token} */ ({ type: 'plain', raw: text })];
    }
  }
}

/** How many of `tokens`, the blocks that `text` was read as, are finished: with whatever follows, they
    would be read as the same, and what follows as the same without them. Nothing is concluded from a
    line that is still being written: a `2` may become the list's next item.
    @param {Token[]} tokens
    @param {string} text */
function countFinished(tokens, text) {
  const written = text.lastIndexOf('\n') + 1;
  let at = 0;
  let count = 0;
  for (const { type, raw } of tokens) {
    const block = { type, raw, at, end: at + raw.length };
    const isFollowed = () => startOfNext(tokens, count + 1, block.end) < written;
    if (!isFinished(block, { text, written, isFollowed, hasNext: count + 1 < tokens.length }))
      break;
    at = block.end;
    count += 1;
  }
  return count;
}

/** @param {{ type: string, raw: string, at: number, end: number }} block
    @param {{ text: string, written: number, isFollowed: () => boolean, hasNext: boolean }} source */
function isFinished({ type, raw, at, end }, { text, written, isFollowed, hasNext }) {
  if (at >= written) return false;
  switch (type) {
    case 'space':
    case 'blockMaths':
      return end <= written;
    case 'hr':
      return true;
    case 'heading':
      return /^ {0,3}#{1,6}(?:\s|$)/.test(raw) || isLeft(text, at);
    // Behind an open fence comes nothing, not even an empty line. Indented code may go on after one.
    case 'code':
      return /^ {0,3}(?:```|~~~)/.test(raw) ? hasNext && end < written : isFollowed();
    // They go on after an empty line: with the next item, an indented line, all of a <script>.
    case 'list':
    case 'html':
      return isFollowed();
    // The line may be lazy, an underline, a row, a title; and what begins with [ may become a definition.
    case 'paragraph':
    case 'blockquote':
    case 'table':
    case 'def':
      return isLeft(text, at);
    default:
      return false;
  }
}

/** The text has gone beyond an empty line since `at`.
    @param {string} text
    @param {number} at */
const isLeft = (text, at) => EMPTY_LINE.test(text.slice(at));

/** Where the next block that is seen begins; Infinity without one.
    @param {Token[]} tokens
    @param {number} index
    @param {number} from */
function startOfNext(tokens, index, from) {
  let at = from;
  for (const { type, raw } of tokens.slice(index)) {
    if (type !== 'space') return at;
    at += raw.length;
  }
  return Infinity;
}
