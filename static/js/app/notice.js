// What stands between the reader and any chat at all, shown above the message box.

import { button, el } from '../ui/dom.js';

/** @import { Failure, FailureActions } from '../types.js' */

export class Notice {
  #shown = '';

  /** `actions`: what to run for each name in `failure.actions`.
      @param {HTMLElement} place
      @param {FailureActions} actions */
  constructor(place, actions) {
    this.place = place;
    this.actions = actions;
  }

  /** @param {Failure} failure */
  show(failure) {
    const shown = `${failure.what} ${failure.said}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const words = el(
      'span',
      { class: 'words' },
      el('b', { t: failure.what, params: failure.params }),
      ' ',
      el('span', { t: failure.next, params: failure.params }),
    );
    const ends = failure.actions.flatMap((name) => {
      const run = this.actions[name];
      return run ? [button({ class: 'button', t: `action.${name}`, on: { click: run } })] : [];
    });
    this.place.replaceChildren(words, ...ends);
    this.place.hidden = false;
  }

  hide() {
    this.#shown = '';
    this.place.hidden = true;
  }
}
