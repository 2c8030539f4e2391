// Says what was just deleted, and offers to bring it back, for a few seconds.

import { button, byId, el } from './dom.js';

const OFFERED_MS = 8_000;

export class Undo {
  #clock = 0;

  constructor() {
    this.place = byId('toast');
  }

  /** `key`: what happened; `back()` undoes it. A new offer ends the one before. */
  offer(key, back) {
    clearTimeout(this.#clock);
    const press = button({ class: 'button', t: 'undo', on: { click: () => {
      this.withdraw();
      back();
    } } });
    this.place.replaceChildren(el('span', { t: key }), press);
    this.place.hidden = false;
    this.#clock = setTimeout(() => this.withdraw(), OFFERED_MS);
  }

  withdraw() {
    clearTimeout(this.#clock);
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
