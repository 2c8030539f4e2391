// The text of a message as plain text. Grows by what is new; what is shown is never drawn again.

import { el } from './dom.js';

export class PlainBody {
  #text = document.createTextNode('');

  constructor() {
    this.node = el('div', { class: 'body plain' });
    this.node.append(this.#text);
  }

  /** Shows `content`, which begins with what was shown before. */
  show(content) {
    this.#text.appendData(content.slice(this.#text.length));
  }

  get isEmpty() {
    return this.#text.length === 0;
  }

  /** The text is complete. Plain text needs no last touch. */
  finish() {}
}
