// The text of a message as plain text. Grows by what is new; what is shown is never drawn again.

import { button, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';

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
    const toggle = button({
      class: 'fold-button',
      t: 'fold.all',
      'aria-expanded': 'false',
      on: { click: () => this.#toggle(toggle) },
    });
    this.node.classList.add('folded');
    this.node.append(el('div', { class: 'fold' }, this.#text), toggle);
  }

  /** @param {HTMLElement} toggle */
  #toggle(toggle) {
    const folded = this.node.classList.toggle('folded');
    bindText(toggle, folded ? 'fold.all' : 'fold.less');
    toggle.setAttribute('aria-expanded', String(!folded));
    if (folded) this.node.scrollIntoView({ block: 'nearest' });
    else this.node.dispatchEvent(new Event('unfold', { bubbles: true }));
  }
}
