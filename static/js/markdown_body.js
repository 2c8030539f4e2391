// The text of an answer as Markdown that stays still while it grows: finished blocks are drawn once
// and never touched again, only the last one is drawn anew, at most twenty times a second. The very
// first words are drawn at once.

import { el } from './dom.js';
import { blockTokens } from './markdown.js';
import { blockNode } from './markdown_blocks.js';

const PAUSE_MS = 50;

export class MarkdownBody {
  #source = '';
  #seen = 0;
  #frozen = 0;
  #links = {};
  #linksKnown = 0;
  #open = [];
  #clock = 0;

  constructor() {
    this.node = el('div', { class: 'body prose' });
  }

  /** Shows `content`, which begins with what was shown before. */
  show(content) {
    this.#source += content.slice(this.#seen).replaceAll('\r', '');
    this.#seen = content.length;
    if (this.isEmpty) {
      this.#draw(false);
      return;
    }
    this.#clock ||= setTimeout(() => {
      this.#clock = 0;
      this.#draw(false);
    }, PAUSE_MS);
  }

  /** Nothing is drawn yet. */
  get isEmpty() {
    return !this.node.hasChildNodes();
  }

  /** The text is complete. */
  finish() {
    clearTimeout(this.#clock);
    this.#clock = 0;
    this.#draw(true);
    if (Object.keys(this.#links).length > this.#linksKnown) this.#drawAll();
  }

  /** Once more from the beginning: a reference was used before the line that defines it. */
  #drawAll() {
    this.#linksKnown = Object.keys(this.#links).length;
    this.#frozen = 0;
    this.node.replaceChildren();
    this.#draw(true);
  }

  #draw(final) {
    const tail = this.#source.slice(this.#frozen);
    const tokens = this.#tokens(tail);
    const last = final ? tokens.length : tokens.findLastIndex((token) => token.type !== 'space');
    for (const node of this.#open) node.remove();
    let kept = 0;
    while (kept < last && this.#freeze(tokens[kept])) kept += 1;
    this.#open = tokens.slice(kept).map((token) => this.#append(token, final)).filter(Boolean);
  }

  /** Draws a finished block for good. Not where the library changed the text on its way, so that
      it cannot be told where in the source the block ends. */
  #freeze(token) {
    if (!this.#source.startsWith(token.raw, this.#frozen)) return false;
    this.#frozen += token.raw.length;
    this.#append(token, true);
    return true;
  }

  /** A text that cannot be read as Markdown (nested beyond reason) is shown as it is. */
  #tokens(tail) {
    try {
      return blockTokens(tail, this.#links);
    } catch {
      return [{ type: 'plain', raw: tail }];
    }
  }

  #append(token, final) {
    const node = blockNode(token, { final });
    if (node) this.node.append(node);
    return node;
  }
}
