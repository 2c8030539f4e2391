// Says for a few seconds what was just done, and offers to undo it where that can be done.

import { button, byId, el } from './dom.js';

const OFFERED_MS = 8_000;

export class Undo {
  #clock = 0;

  constructor() {
    this.place = byId('toast');
  }

  /** `key`: what happened. */
  say(key, params) {
    this.#show(el('span', { class: 'words', t: key, params }));
  }

  /** `key`: what happened; `back()` undoes it. A new offer ends the one before. */
  offer(key, back) {
    const press = button({ class: 'button', t: 'undo', on: { click: () => {
      this.withdraw();
      back();
    } } });
    this.#show(el('span', { class: 'words', t: key }), press);
  }

  #show(...nodes) {
    clearTimeout(this.#clock);
    this.place.replaceChildren(...nodes);
    this.place.hidden = false;
    this.#clock = setTimeout(() => this.withdraw(), OFFERED_MS);
  }

  withdraw() {
    clearTimeout(this.#clock);
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
