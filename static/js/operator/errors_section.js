// The requests that failed since the gateway started, by kind, with the last of each.

import { el } from '../ui/dom.js';
import { language, number } from '../ui/i18n.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { failureOf } from '../net/failure.js';
import { requestJson } from '../net/http.js';
import { tell } from '../ui/said.js';

/** @import { RecentError } from '../types.js' */

/** @typedef {{ kind: string, count: number, last: RecentError[] }} ErrorKind */

const SHOWN = 20;

export class ErrorsSection {
  constructor() {
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    this.none = el('p', { class: 'faint', t: 'operator.noErrors', hidden: true });
    const list = el('div', { class: 'error-kinds' });
    /** @type {KeyedRows<ErrorKind>} */
    this.rows = new KeyedRows(list, { key: ({ kind }) => kind, make: () => new KindRow() });
    this.node = el('section', {}, el('h3', { t: 'operator.errors' }), this.said, this.none, list);
  }

  open() {
    return this.look();
  }

  async look() {
    let refused = null;
    /** @type {{ by_kind: Record<string, number>, last: RecentError[] } | null} */
    const found = await requestJson('/admin/errors').catch((failure) => {
      refused = failureOf(failure);
      return null;
    });
    tell(this.said, refused);
    if (!found) return;
    const kinds = Object.entries(found.by_kind).map(([kind, count]) => ({
      kind,
      count,
      last: found.last.filter((one) => one.kind === kind).slice(0, SHOWN),
    }));
    this.none.hidden = kinds.length > 0;
    this.rows.show(kinds);
  }
}

class KindRow {
  #newest = '';

  constructor() {
    this.kind = el('code');
    this.count = el('span', { class: 'faint' });
    this.list = el('ul', { class: 'managed' });
    this.node = el('details', {}, el('summary', {}, this.kind, ' ', this.count), this.list);
  }

  /** @param {ErrorKind} kind */
  update({ kind, count, last }) {
    this.kind.textContent = kind;
    this.count.textContent = number(count);
    const newest = `${last[0]?.time} ${language()}`;
    if (newest === this.#newest) return;
    this.#newest = newest;
    this.list.replaceChildren(...last.map(errorRow));
  }
}

/** @param {RecentError} error */
function errorRow({ time, status, method, path, credential, client, model, request_id: id }) {
  const at = new Intl.DateTimeFormat(language(), { dateStyle: 'short', timeStyle: 'medium' });
  return el(
    'li',
    {},
    el('span', { text: `${at.format(time * 1000)} · ${method} ${path} · ${status}` }),
    el('small', {
      class: 'faint',
      text: [credential, model, client, id].filter((word) => word && word !== '-').join(' · '),
    }),
  );
}
