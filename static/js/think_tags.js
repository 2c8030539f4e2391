// Thoughts that a model writes into its answer as `<think>…</think>`, because Ollama has no parser for
// it: they belong into the panel for thoughts. Only at the very beginning of an answer.

const OPEN = '<think>';
const CLOSE = '</think>';

/** Takes an answer in pieces, split anywhere. */
export class ThinkTags {
  #state = 'before';
  #held = '';

  /** The piece as `{ content, thinking }`, either may be empty. */
  feed(piece) {
    if (this.#state === 'after') return { content: piece, thinking: '' };
    const text = this.#held + piece;
    this.#held = '';
    return this.#state === 'before' ? this.#before(text) : this.#inside(text);
  }

  /** What was held back because it might have become a tag. */
  close() {
    const rest = this.#held;
    this.#held = '';
    return this.#state === 'inside' ? { content: '', thinking: rest } : { content: rest, thinking: '' };
  }

  #before(text) {
    const start = text.trimStart();
    if (start.startsWith(OPEN)) {
      this.#state = 'inside';
      return this.#inside(start.slice(OPEN.length).trimStart());
    }
    if (OPEN.startsWith(start)) {
      this.#held = text;
      return { content: '', thinking: '' };
    }
    this.#state = 'after';
    return { content: text, thinking: '' };
  }

  #inside(text) {
    const end = text.indexOf(CLOSE);
    if (end >= 0) {
      this.#state = 'after';
      return { thinking: text.slice(0, end), content: text.slice(end + CLOSE.length).trimStart() };
    }
    let held = Math.min(CLOSE.length - 1, text.length);
    while (held > 0 && !CLOSE.startsWith(text.slice(-held))) held -= 1;
    this.#held = text.slice(text.length - held);
    return { thinking: text.slice(0, text.length - held), content: '' };
  }
}
