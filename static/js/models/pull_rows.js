// The models on their way, as rows: how far each is, a way to stop it, and after a failure why, a
// way to try again and one to be rid of it.

import { button, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { size } from '../ui/sizes.js';

/** @import { Failure, Pull } from '../types.js'
    @import { Pulls } from './pulls.js' */

export class PullRows {
  /** `left()` runs when the row that had the focus is gone.
      @param {Pulls} pulls
      @param {() => void} left */
  constructor(pulls, left) {
    this.pulls = pulls;
    this.left = left;
    this.node = el('ul', { class: 'pulls' });
    this.rows = new KeyedRows(this.node, {
      key: ({ name }) => name,
      make: ({ name }) => new PullRow(name, pulls),
    });
    pulls.addEventListener('change', () => this.#draw());
    document.addEventListener('languagechange', () => this.#draw());
  }

  #draw() {
    const held = this.node.contains(document.activeElement);
    this.rows.show(this.pulls.list);
    if (held && !this.node.contains(document.activeElement)) this.left();
  }
}

class PullRow {
  /** @type {Failure | null} */
  #failure = null;
  /** @type {Pull | null} */
  pull = null;

  /** @param {string} name
      @param {Pulls} pulls */
  constructor(name, pulls) {
    this.again = button({
      class: 'button',
      t: 'action.retry',
      hidden: true,
      on: { click: () => pulls.start(name) },
    });
    this.end = button({
      class: 'quiet icon-button',
      icon: 'close',
      label: 'manage.stop',
      on: { click: () => this.pull?.stop() },
    });
    this.bar = el('progress', { label: 'manage.progress' });
    this.words = el('span', { class: 'faint' });
    this.said = el('span', { class: 'said', role: 'alert', hidden: true });
    this.node = el(
      'li',
      {},
      el('b', { text: name }),
      this.again,
      this.end,
      this.bar,
      this.words,
      this.said,
    );
  }

  /** @param {Pull} pull */
  update(pull) {
    this.pull = pull;
    const { status, completed, total, failure } = pull;
    if (total) Object.assign(this.bar, { max: total, value: completed });
    else this.bar.removeAttribute('value');
    this.words.textContent = total ? `${status} · ${size(completed)} / ${size(total)}` : status;
    if (failure !== this.#failure) this.#turn(failure);
  }

  /** @param {Failure | null} failure */
  #turn(failure) {
    this.#failure = failure;
    this.said.hidden = this.again.hidden = !failure;
    this.bar.hidden = this.words.hidden = Boolean(failure);
    bindText(this.end, failure ? 'manage.dismiss' : 'manage.stop', undefined, 'tLabel');
    if (document.activeElement === this.again && !failure) this.end.focus();
    this.said.replaceChildren(...(failure ? sentences(failure) : []));
  }
}

/** @param {Failure} failure */
function sentences({ what, next, params, said }) {
  const words = [el('span', { t: what, params }), ' ', el('span', { t: next, params })];
  return said ? [...words, el('q', { text: said })] : words;
}
