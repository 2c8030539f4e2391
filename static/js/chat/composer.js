// The box in which a message is written: a draft of it is kept for each chat, and what is sent waits
// for what is attached.

import { byId } from '../ui/dom.js';
import { Drafts } from './drafts.js';
import { fitHeight } from '../ui/grow.js';
import { SendButton } from './send_button.js';
import { sendingKeys } from './sending_keys.js';

/** Fires `submit` (detail: the text), `stop`, and `next` (detail: the text) where it is sent while an
    answer is written. */
export class Composer extends EventTarget {
  #busy = false;
  #hasMore = false;
  #preparing = false;
  #wanted = false;
  #drafts = new Drafts();
  #chat = 'new';
  #button = new SendButton();

  constructor() {
    super();
    this.box = byId('message');
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#busy) this.dispatchEvent(new Event('stop'));
      else this.#submit();
    });
    byId('next').addEventListener('click', () => this.#sendNext());
    sendingKeys(this.box, {
      send: () => this.#sendByKey(),
      stop: () => this.#busy && this.dispatchEvent(new Event('stop')),
    });
    this.box.addEventListener('input', () => this.#changed());
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
    this.#button.show(busy ? 'stop' : 'send');
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

  #sendByKey() {
    if (this.#busy) this.#sendNext();
    else this.#submit();
  }

  #sendNext() {
    const text = this.text.trim();
    if (text || this.#hasMore) this.dispatchEvent(new CustomEvent('next', { detail: text }));
  }

  #submit() {
    const text = this.text.trim();
    this.#wanted = this.#preparing;
    if (!this.#preparing && (text || this.#hasMore))
      this.dispatchEvent(new CustomEvent('submit', { detail: text }));
  }

  #changed() {
    this.#drafts.set(this.#chat, this.text);
    fitHeight(this.box);
    this.#enable();
  }

  #enable() {
    const nothing = !this.#hasMore && this.text.trim() === '';
    byId('next').hidden = !this.#busy || nothing;
    this.#button.enable(this.#busy || !(nothing || this.#preparing));
  }
}
