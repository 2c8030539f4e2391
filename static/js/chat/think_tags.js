// Thoughts that a model writes into its answer as `<think>…</think>`, because Ollama has no parser for
// it: they belong into the panel for thoughts. Only at the very beginning of an answer.

/** @import { ThinkPlace } from '../types.js' */
const OPEN = '<think>';
const CLOSE = '</think>';

/** Takes an answer in pieces, split anywhere. */
export class ThinkTags {
  #state;
  #held;

  /** `place`: where another one of these had come to.
      @param {ThinkPlace} [place] */
  constructor({ state = 'before', held = '' } = {}) {
    this.#state = state;
    this.#held = held;
  }

  get place() {
    return { state: this.#state, held: this.#held };
  }

  /** The piece as `{ content, thinking }`, either may be empty.
      @param {string} piece */
  feed(piece) {
    const text = this.#held + piece;
    this.#held = '';
    if (this.#state === 'before') return this.#before(text);
    if (this.#state === 'opened' || this.#state === 'inside') return this.#inside(text);
    return { content: this.#state === 'gap' ? this.#gap(text) : text, thinking: '' };
  }

  /** What was held back because it might have become a tag. */
  close() {
    const rest = this.#held;
    this.#held = '';
    return this.#state === 'inside'
      ? { content: '', thinking: rest }
      : { content: rest, thinking: '' };
  }

  /** @param {string} text */
  #before(text) {
    const start = text.trimStart();
    if (start.startsWith(OPEN)) {
      this.#state = 'opened';
      return this.#inside(start.slice(OPEN.length));
    }
    if (OPEN.startsWith(start)) {
      this.#held = text;
      return { content: '', thinking: '' };
    }
    this.#state = 'after';
    return { content: text, thinking: '' };
  }

  /** @param {string} piece */
  #inside(piece) {
    const text = this.#state === 'opened' ? piece.trimStart() : piece;
    if (text) this.#state = 'inside';
    const end = text.indexOf(CLOSE);
    if (end >= 0) {
      this.#state = 'gap';
      return { thinking: text.slice(0, end), content: this.#gap(text.slice(end + CLOSE.length)) };
    }
    let held = Math.min(CLOSE.length - 1, text.length);
    while (held > 0 && !CLOSE.startsWith(text.slice(-held))) held -= 1;
    this.#held = text.slice(text.length - held);
    return { thinking: text.slice(0, text.length - held), content: '' };
  }

  /** The empty lines between the thoughts and the answer belong to neither.
      @param {string} text */
  #gap(text) {
    const rest = text.trimStart();
    if (rest) this.#state = 'after';
    return rest;
  }
}
