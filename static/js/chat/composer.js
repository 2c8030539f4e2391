// The box in which a message is written: Enter sends, Shift+Enter makes a line, a draft is kept,
// and the same button stops the answer that is being written. Keyboards on a screen have no
// Shift+Enter: there Enter makes a line, and the button sends.

import { byId } from '../ui/dom.js';
import { Drafts } from './drafts.js';
import { fitHeight } from '../ui/grow.js';
import { bindText } from '../ui/i18n.js';
import { glyph } from '../ui/icons.js';
import { isTouch, onPointerChange } from '../ui/pointer.js';

/** Fires `submit` (detail: the text), `stop`, and `refused` where it is sent while an answer is
    written. */
export class Composer extends EventTarget {
  #busy = false;
  #hasMore = false;
  #preparing = false;
  #wanted = false;
  #drafts = new Drafts();
  #chat = 'new';

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
    onPointerChange(() => this.#adapt());
    this.#adapt();
    this.text = this.#drafts.get(this.#chat);
  }

  /** The chat that is written into, `new` for one that has no message yet: each has its draft.
      @param {string} chat */
  set chat(chat) {
    if (chat === this.#chat) return;
    this.hold();
    this.#chat = chat;
    this.text = this.#drafts.get(chat);
  }

  /** The chat is deleted, or, without one, all are.
      @param {string} [chat] */
  forgetDraft(chat) {
    if (chat) this.#drafts.set(chat, '');
    else this.#drafts.clear();
    this.text = this.#drafts.get(this.#chat);
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

  /** While an answer is written the button stops it.
      @param {boolean} busy */
  set busy(busy) {
    this.#busy = busy;
    this.send.replaceChildren(glyph(busy ? 'stop' : 'arrow-up'));
    bindText(this.send, busy ? 'composer.stop' : 'composer.send', undefined, 'tLabel');
    this.#enable();
  }

  /** Something is attached: that may be sent without words.
      @param {boolean} hasMore */
  set hasMore(hasMore) {
    this.#hasMore = hasMore;
    this.#enable();
  }

  /** What is attached is still being read: what is sent meanwhile waits for it.
      @param {boolean} preparing */
  set preparing(preparing) {
    this.#preparing = preparing;
    if (!preparing && this.#wanted) this.#submit();
    this.#enable();
  }

  /** Takes back what waits to be sent. */
  hold() {
    this.#wanted = false;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // keyCode 229: Safari ends a composition before it reports the key that ended it.
    const composing = event.isComposing || event.keyCode === 229;
    const sends = isTouch() ? event.ctrlKey || event.metaKey : !event.shiftKey;
    if (event.key === 'Enter' && sends && !composing) {
      event.preventDefault();
      if (!this.#busy) this.#submit();
      else if (this.text.trim()) this.dispatchEvent(new Event('refused'));
    } else if (event.key === 'Escape' && this.#busy && !composing) {
      this.dispatchEvent(new Event('stop'));
    }
  }

  #submit() {
    const text = this.text.trim();
    this.#wanted = this.#preparing;
    if (!this.#preparing && (text || this.#hasMore))
      this.dispatchEvent(new CustomEvent('submit', { detail: text }));
  }

  #adapt() {
    this.box.enterKeyHint = isTouch() ? 'enter' : 'send';
    bindText(byId('hint'), isTouch() ? 'composer.hint.touch' : 'composer.hint');
  }

  #changed() {
    this.#drafts.set(this.#chat, this.text);
    fitHeight(this.box);
    this.#enable();
  }

  #enable() {
    const nothing = !this.#hasMore && this.text.trim() === '';
    const idle = !this.#busy && (nothing || this.#preparing);
    this.send.setAttribute('aria-disabled', String(idle));
  }
}
