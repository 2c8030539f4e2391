// The box in which a message is written: Enter sends, Shift+Enter makes a line, a draft is kept,
// and the same button stops the answer that is being written.

import { byId } from './dom.js';
import { say } from './i18n.js';
import { glyph } from './icons.js';
import { recall, remember } from './prefs.js';

/** Fires `submit` (detail: the text) and `stop`. */
export class Composer extends EventTarget {
  #busy = false;
  #hasMore = false;

  constructor() {
    super();
    this.box = byId('message');
    this.send = byId('send');
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#busy) this.dispatchEvent(new Event('stop'));
      else this.#submit();
    });
    this.box.addEventListener('keydown', (event) => this.#key(event));
    this.box.addEventListener('input', () => this.#changed());
    this.text = recall('draft', '');
  }

  get text() {
    return this.box.value;
  }

  set text(value) {
    this.box.value = value;
    this.#changed();
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  /** While an answer is written the button stops it. */
  set busy(busy) {
    this.#busy = busy;
    this.send.replaceChildren(glyph(busy ? 'stop' : 'arrow-up'));
    say(this.send, busy ? 'composer.stop' : 'composer.send', undefined, 'tLabel');
    this.#enable();
  }

  /** Something is attached: that may be sent without words. */
  set hasMore(hasMore) {
    this.#hasMore = hasMore;
    this.#enable();
  }

  #key(event) {
    // keyCode 229: Safari ends a composition before it reports the key that ended it.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === 'Enter' && !event.shiftKey && !composing) {
      event.preventDefault();
      if (!this.#busy) this.#submit();
    } else if (event.key === 'Escape' && this.#busy && !composing) {
      this.dispatchEvent(new Event('stop'));
    }
  }

  #submit() {
    const text = this.text.trim();
    if (text || this.#hasMore) this.dispatchEvent(new CustomEvent('submit', { detail: text }));
  }

  #changed() {
    remember('draft', this.text);
    this.#grow();
    this.#enable();
  }

  #grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    this.box.style.height = 'auto';
    this.box.style.height = `${this.box.scrollHeight}px`;
  }

  #enable() {
    const idle = !this.#busy && !this.#hasMore && this.text.trim() === '';
    this.send.setAttribute('aria-disabled', String(idle));
  }
}
