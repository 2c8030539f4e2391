// What runs and what waits now, one row for each request, with a button that stops it.

import { button, el } from '../ui/dom.js';
import { bindText, number, t } from '../ui/i18n.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { failureOf } from '../net/failure.js';
import { requestEmpty } from '../net/http.js';
import { tell } from '../ui/said.js';
import { Activity } from './activity.js';

/** @import { QueueRow } from '../types.js'
    @import { Transport } from '../net/transport.js' */

const GONE = 404;

export class ActivitySection {
  /** @param {Transport} transport */
  constructor(transport) {
    this.activity = new Activity(transport);
    this.title = el('h3', { t: 'operator.now', tabindex: '-1' });
    this.sums = el('p', { class: 'faint' });
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    const list = el('ul', { class: 'managed activity' });
    this.rows = new KeyedRows(list, {
      key: ({ id }) => String(id),
      make: ({ id }) => new ActivityRow(this.activity, () => this.#stop(id)),
    });
    this.node = el('section', { class: 'now' }, this.title, this.sums, this.said, list);
    this.activity.addEventListener('change', () => this.#draw());
    document.addEventListener('languagechange', () => this.#draw());
  }

  open() {
    tell(this.said, null);
    this.activity.start();
  }

  close() {
    this.activity.stop();
  }

  /** What was asked to end may have ended by itself meanwhile.
      @param {number} id */
  async #stop(id) {
    let refused = null;
    await requestEmpty(`/queue/${id}`, { method: 'DELETE' }).catch((failure) => {
      if (failure.status !== GONE) refused = failureOf(failure);
    });
    tell(this.said, refused);
  }

  #draw() {
    const { state, failure } = this.activity;
    if (failure) tell(this.said, failureOf(failure));
    if (!state) return;
    const { running, waiting, max_parallel: most, requests } = state;
    const sums = running + waiting === 0 ? 'idle' : most ? 'sums.of' : 'sums';
    bindText(this.sums, `operator.${sums}`, { running, waiting, most });
    const held = this.node.contains(document.activeElement);
    this.rows.show(requests);
    // The row that had the focus is gone.
    if (held && !this.node.contains(document.activeElement)) this.title.focus();
  }
}

class ActivityRow {
  /** @param {Activity} activity
      @param {() => unknown} stop */
  constructor(activity, stop) {
    this.activity = activity;
    this.who = el('b');
    this.model = el('span', { class: 'model' });
    this.facts = el('small', { class: 'faint' });
    this.stop = button({ class: 'button', t: 'operator.stop', on: { click: stop } });
    this.node = el(
      'li',
      {},
      el(
        'div',
        { class: 'managed-head' },
        el('span', {}, this.who, ' ', this.model, this.facts),
        this.stop,
      ),
    );
  }

  /** @param {QueueRow} row */
  update(row) {
    const { credential, model, client } = row;
    this.who.textContent = credential ?? t('operator.nobody');
    this.model.textContent = model ?? '';
    this.stop.setAttribute(
      'aria-label',
      `${t('operator.stop')}: ${this.who.textContent} ${model ?? ''}`,
    );
    this.facts.textContent = [...this.#state(row), client].filter(Boolean).join(' · ');
    this.node.dataset.state = row.position > 0 ? 'waiting' : 'running';
  }

  /** @param {QueueRow} row */
  #state(row) {
    const { position, waited_s: waited, running_s: running, output_tokens: tokens } = row;
    const seconds = t('operator.seconds', { n: Math.round(running ?? waited) });
    if (position > 0) return [t('operator.waiting', { place: position }), seconds];
    if (tokens === 0) return [t('operator.working'), seconds];
    const speed = this.activity.speed(row);
    return [
      t('operator.writing'),
      t('operator.tokens', { n: tokens }),
      speed === null ? '' : t('operator.speed', { n: number(speed, 1) }),
      seconds,
    ];
  }
}
