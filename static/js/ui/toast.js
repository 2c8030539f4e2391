// Says for a few seconds what was just done, and offers to undo it where that can be done. Waits
// while the pointer is on it, or the focus comes to it.

import { button, byId, el } from './dom.js';

/** @import { Params } from '../types.js' */

const OFFERED_MS = 8_000;
const MOST_LINES = 5;
const GAP_PX = 12;

export class Toast {
  #clock = 0;
  /** @type {HTMLElement[]} */
  #lines = [];
  /** @type {object | null} */
  #owner = null;

  constructor() {
    this.place = byId('toast');
    for (const type of ['pointerenter', 'focusin'])
      this.place.addEventListener(type, () => clearTimeout(this.#clock));
    for (const type of ['pointerleave', 'focusout'])
      this.place.addEventListener(type, () => this.#wait());
    // What is attached makes the message box higher.
    new ResizeObserver(() => this.#putAbove()).observe(byId('composer'));
  }

  /** `key`: what happened.
      @param {string} key
      @param {Params} [params] */
  show(key, params) {
    this.#fill(null, el('span', { class: 'words', t: key, params }));
  }

  /** What happened to one of several: what is said of those before it stays, as lines above.
      @param {string} key
      @param {Params} [params] */
  add(key, params) {
    const line = el('span', { class: 'line', t: key, params });
    const others = this.#lines.filter(({ textContent }) => textContent !== line.textContent);
    const lines = [...others, line].slice(-MOST_LINES);
    this.#fill(null, el('span', { class: 'words' }, ...lines));
    this.#lines = lines;
  }

  /** `key`: what happened; `back()` undoes it, or does what `label` says. A new offer ends the one
      before. `owner` may withdraw it.
      @param {string} key
      @param {() => unknown} back
      @param {{ owner?: object | null, label?: string, params?: Params }} [how] */
  offer(key, back, { owner = null, label = 'undo', params } = {}) {
    const press = button({
      class: 'button',
      t: label,
      on: {
        click: () => {
          this.#hide();
          back();
        },
      },
    });
    this.#fill(owner, el('span', { class: 'words', t: key, params }), press);
  }

  /** Ends an offer of `owner`, because what it would undo has been built on.
      @param {object} owner */
  withdraw(owner) {
    if (this.#owner === owner) this.#hide();
  }

  /** @param {object | null} owner
      @param {...Node} nodes */
  #fill(owner, ...nodes) {
    this.#owner = owner;
    this.#lines = [];
    this.place.replaceChildren(...nodes);
    this.place.hidden = false;
    this.#putAbove();
    this.#wait();
  }

  /** It hides nothing of the message box. */
  #putAbove() {
    const { top } = byId('composer').getBoundingClientRect();
    this.place.style.insetBlockEnd = `${Math.round(innerHeight - top) + GAP_PX}px`;
  }

  #wait() {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => this.#hide(), OFFERED_MS);
  }

  #hide() {
    clearTimeout(this.#clock);
    this.#owner = null;
    this.#lines = [];
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
