// The text of a message as plain text. Grows by what is new; what is shown is never drawn again.

import { el } from '../ui/dom.js';
import { foldButton } from './folding.js';

// A question may be a pasted log. Beyond this only its beginning stands in the conversation.
const MAX_LINES = 30;
const MAX_LENGTH = 3_000;

export class PlainBody {
  #text = document.createTextNode('');

  /** `folds`: a long text can be folded away, and is.
      @param {{ folds?: boolean }} [how] */
  constructor({ folds = false } = {}) {
    this.folds = folds;
    this.node = el('div', { class: 'body plain', dir: 'auto' });
    this.node.append(this.#text);
  }

  /** Shows `content`, which begins with what was shown before.
      @param {string} content */
  show(content) {
    this.#text.appendData(content.slice(this.#text.length));
  }

  get isEmpty() {
    return this.#text.length === 0;
  }

  /** The text is complete. */
  finish() {
    const { data, length } = this.#text;
    if (this.folds && (length > MAX_LENGTH || data.split('\n', MAX_LINES + 1).length > MAX_LINES))
      this.#fold();
  }

  #fold() {
    this.folds = false;
    const toggle = foldButton(this.node, { folded: true });
    this.node.append(el('div', { class: 'fold' }, this.#text), toggle);
  }
}
