// The text of an answer as Markdown that stays still while it grows: finished blocks are drawn once
// and never touched again, and of the last one only what changed, at most twenty times a second. The
// very first words are drawn at once. What takes long is drawn in parts, with pauses in between.

import { colourCode } from './code_block.js';
import { el } from './dom.js';
import { blockTokens } from './markdown.js';
import { nodeOf } from './markdown_inline.js';
import { updateBlocks } from './markdown_update.js';

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

export class MarkdownBody {
  #source = '';
  #seen = 0;
  #frozen = 0;
  #window = WINDOW;
  #links = {};
  #linksKnown = 0;
  #open = [];
  #clock = 0;
  #pause = PAUSE_MS;
  #isComplete = false;

  constructor() {
    this.node = el('div', { class: 'body prose' });
  }

  /** Shows `content`, which begins with what was shown before. */
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
    else if (this.#isComplete && Object.keys(this.#links).length > this.#linksKnown) this.#drawAgain();
  }

  /** Once more from the beginning: a reference may have been used before the line that defines it. */
  #drawAgain() {
    this.#linksKnown = Object.keys(this.#links).length;
    this.#frozen = 0;
    this.#open = [];
    this.node.replaceChildren();
    this.#draw();
  }

  /** Draws what is not finished yet, or the first part of it. Returns whether there is more. */
  #drawWindow() {
    const { end, isFull } = this.#reach();
    const isRest = end === this.#source.length;
    const tokens = this.#tokens(this.#source.slice(this.#frozen, end));
    updateBlocks(this.node, this.#open, tokens);
    const last = isRest && this.#isComplete ? tokens.length : tokens.findLastIndex(({ type }) => type !== 'space');
    let kept = 0;
    while (kept < last && this.#freeze(tokens[kept])) kept += 1;
    this.#open = tokens.slice(kept);
    if (kept > 0) this.#window = WINDOW;
    else if (!isRest) this.#widen(tokens, end, isFull);
    if (isRest && this.#isComplete) this.#open.forEach(colour);
    return !isRest;
  }

  /** How far to read: to the end of a line, best of one that is not followed by an indented one. */
  #reach() {
    const source = this.#source;
    if (this.#window === Infinity) return { end: source.length, isFull: false };
    let end = Math.min(source.length, this.#frozen + this.#window);
    let isFull = this.#window >= MAX_BLOCK && end < source.length;
    let line = this.#frozen;
    for (let lines = 0; lines < MAX_BLOCK_LINES && line < end; lines += 1) line = source.indexOf('\n', line) + 1 || end;
    if (line < end) [end, isFull] = [line, true];
    if (end === source.length) return { end, isFull };
    for (let at = end; at > end - WINDOW / 2 && at > this.#frozen; at -= 1) {
      if (source[at - 1] === '\n' && source[at] > ' ') return { end: at, isFull };
    }
    return { end, isFull };
  }

  /** A block is longer than what was read: more of it next time, or it ends here. */
  #widen(tokens, end, isFull) {
    if (!isFull) this.#window *= 2;
    else if (UNBOUND.includes(tokens.at(-1)?.type)) this.#window = Infinity;
    else {
      this.#open.forEach(colour);
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

  /** Leaves a finished block as it is drawn. Not where the library changed the text on its way, so
      that it cannot be told where in the source the block ends. */
  #freeze(token) {
    if (!this.#source.startsWith(token.raw, this.#frozen)) return false;
    this.#frozen += token.raw.length;
    colour(token);
    return true;
  }

  /** A text that cannot be read as Markdown is shown as it is. */
  #tokens(text) {
    try {
      return blockTokens(text, this.#links);
    } catch {
      return [{ type: 'plain', raw: text }];
    }
  }
}

function colour(token) {
  const node = nodeOf(token);
  if (node) colourCode(node);
}
