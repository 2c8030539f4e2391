// Answers side by side: a column each where there is room, else one at a time, with buttons that turn to
// the other. Below an answer is what can be done with it while it is written, and after.

import { button, el } from '../ui/dom.js';
import { number } from '../ui/i18n.js';

/** @import { Message } from '../types.js'
    @import { Slot } from './slot.js' */

/** @type {WeakMap<HTMLElement, Columns>} */
const drawn = new WeakMap();

/** Shows the answers of `slots` in `frame`.
    @param {HTMLElement} frame
    @param {Slot[]} slots
    @param {Message} main the one whose branch is shown
    @param {boolean} isMarked the chat goes on there alone */
export function draw(frame, slots, main, isMarked) {
  const columns = drawn.get(frame) ?? new Columns(frame);
  drawn.set(frame, columns);
  columns.show(slots, main, isMarked);
}

class Columns {
  /** @type {Column[]} */
  #columns = [];
  #main = -1;

  /** @param {HTMLElement} frame */
  constructor(frame) {
    this.frame = frame;
    this.turns = el('div', { class: 'beside-turns', role: 'group', label: 'beside.label' });
  }

  /** @param {Slot[]} slots
      @param {Message} main
      @param {boolean} isMarked */
  show(slots, main, isMarked) {
    if (this.#columns.length !== slots.length) {
      this.#columns = slots.map(() => new Column((column) => this.#turnTo(column)));
      this.turns.replaceChildren(...this.#columns.map(({ press }) => press));
      this.frame.replaceChildren(this.turns, ...this.#columns.map(({ node }) => node));
      this.#main = -1;
    }
    const index = slots.findIndex(({ message }) => message === main);
    const before = slots[this.#main]?.message;
    if (!before || (before !== main && before.state === 'failed'))
      this.#turnTo(this.#columns[index]);
    this.#main = index;
    for (const [at, slot] of slots.entries())
      this.#columns[at].show(slot, isMarked && slot.message === main);
  }

  /** @param {Column} shown */
  #turnTo(shown) {
    for (const column of this.#columns) column.isOn = column === shown;
  }
}

class Column {
  #drawn = '';
  /** @type {Slot | null} */
  #slot = null;

  /** `turnTo(column)`: shows this one where there is room for one.
      @param {(column: Column) => void} turnTo */
  constructor(turnTo) {
    this.press = button({ class: 'quiet', on: { click: () => turnTo(this) } });
    this.ends = el('div', { class: 'ends' });
    this.node = el('section', {}, this.ends);
    this.node.addEventListener('reveal', () => turnTo(this));
  }

  /** @param {boolean} isOn */
  set isOn(isOn) {
    this.node.toggleAttribute('data-on', isOn);
    this.press.setAttribute('aria-pressed', String(isOn));
  }

  /** @param {Slot} slot
      @param {boolean} isMain */
  show(slot, isMain) {
    if (this.#slot !== slot) this.#slot?.node.remove();
    if (slot.node.parentElement !== this.node) this.node.prepend(slot.node);
    this.#slot = slot;
    const { id, model, state, facts } = slot.message;
    const seconds = facts?.timings?.total_ms ?? 0;
    const now = JSON.stringify([id, model, state, isMain, seconds]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.node.setAttribute('aria-label', model ?? '');
    this.press.replaceChildren(el('span', { class: 'name', text: model }), ...this.#state(state));
    const hadFocus = this.ends.contains(document.activeElement);
    this.ends.replaceChildren(...this.#ends(slot, isMain));
    if (hadFocus) this.ends.querySelector('button')?.focus();
  }

  /** In a word, for the reader who looks at the other one.
      @param {string} [state] */
  #state(state = 'done') {
    const isTold = state !== 'done' && state !== 'elsewhere';
    return isTold ? [el('span', { class: 'faint', t: `beside.${state}` })] : [];
  }

  /** @param {Slot} slot
      @param {boolean} isMain */
  #ends({ message, actions }, isMain) {
    const { state, facts, model, content } = message;
    if (state === 'elsewhere' || (state === 'failed' && !content)) return [];
    if (state === 'running')
      return [
        button({
          class: 'button',
          t: 'action.stop',
          label: 'beside.stop',
          params: { model },
          on: { click: actions.stop },
        }),
      ];
    const ms = facts?.timings?.total_ms;
    return [
      button({
        class: 'button',
        t: 'beside.choose',
        label: 'beside.chooseModel',
        params: { model },
        on: { click: actions.choose },
      }),
      ms ? el('span', { class: 'mark', t: 'beside.took', params: { seconds: inSeconds(ms) } }) : '',
      isMain ? el('span', { class: 'mark', t: 'beside.main' }) : '',
    ];
  }
}

/** @param {number} ms */
const inSeconds = (ms) => number(ms / 1000, ms < 10_000 ? 1 : 0);
