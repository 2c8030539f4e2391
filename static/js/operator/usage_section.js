// What was used, by day, credential and model: tokens, seconds of the GPU, or requests.

import { el } from '../ui/dom.js';
import { language, number, t } from '../ui/i18n.js';
import { failureOf } from '../net/failure.js';
import { requestJson } from '../net/http.js';
import { tell } from '../ui/said.js';
import { columns, ranking } from './plots.js';

/** @import { Params, UsageRow } from '../types.js' */

const DAY_MS = 86_400_000;
const PERIODS = [7, 30, 90];
const USUAL_PERIOD = 30;

/** @type {Record<string, { of: (row: UsageRow) => number, digits: number }>} */
const MEASURES = {
  tokens: { of: (row) => row.input_tokens + row.output_tokens, digits: 0 },
  seconds: {
    of: (row) => row.load_seconds + row.prompt_seconds + row.completion_seconds,
    digits: 1,
  },
  requests: { of: (row) => row.requests, digits: 0 },
};

const BY = /** @type {const} */ (['day', 'credential', 'model']);

export class UsageSection {
  /** @type {UsageRow[][] | null} */
  #rows = null;
  #days = USUAL_PERIOD;
  #measure = 'tokens';

  /** `mayManage`: whether this reader sees what others used.
      @param {() => boolean} mayManage */
  constructor(mayManage) {
    this.mayManage = mayManage;
    this.title = el('h3');
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    this.none = el('p', { class: 'faint', t: 'operator.unused', hidden: true });
    this.plots = el('div', { class: 'plots' });
    this.node = el(
      'section',
      { class: 'usage' },
      this.title,
      el(
        'div',
        { class: 'operator-choices' },
        choice('operator.measure', Object.keys(MEASURES), this.#measure, (measure) => {
          this.#measure = measure;
          this.#draw();
        }),
        choice('operator.period', PERIODS.map(String), String(this.#days), (days) => {
          this.#days = Number(days);
          this.open();
        }),
      ),
      this.said,
      this.none,
      this.plots,
    );
    document.addEventListener('languagechange', () => this.#draw());
  }

  async open() {
    const days = this.#days;
    const from = isoDay(days - 1);
    let refused = null;
    const rows = await Promise.all(
      BY.map(async (by) => (await requestJson(`/usage?from=${from}&by=${by}`)).rows),
    ).catch((failure) => {
      refused = failureOf(failure);
      return null;
    });
    if (this.#days !== days) return;
    tell(this.said, refused);
    this.#rows = rows;
    this.#draw();
  }

  #draw() {
    this.title.textContent = t(this.mayManage() ? 'operator.usage' : 'operator.usage.own');
    const { of, digits } = MEASURES[this.#measure];
    const measure = t(`operator.measure.${this.#measure}`);
    const format = (/** @type {number} */ value) => number(value, digits);
    const [days = [], credentials = [], models = []] = this.#rows ?? [];
    this.none.hidden = this.#rows === null || days.length > 0;
    if (days.length === 0) {
      this.plots.replaceChildren();
      return;
    }
    /** @param {string} key
        @param {Params} [params] */
    const how = (key, params) => ({ caption: t(key, { measure, ...params }), format });
    const total = days.reduce((sum, row) => sum + of(row), 0);
    this.plots.replaceChildren(
      el('p', { class: 'plot-total', text: t('operator.total', { measure, sum: format(total) }) }),
      columns(this.#everyDay(days, of), how('operator.byDay')),
      ...(this.mayManage()
        ? [ranking(named(credentials, 'credential', of), how('operator.byCredential'))]
        : []),
      ranking(named(models, 'model', of), how('operator.byModel')),
    );
  }

  /** A bar for each day of the period, of those too that have no row.
      @param {UsageRow[]} rows
      @param {(row: UsageRow) => number} of */
  #everyDay(rows, of) {
    const values = new Map(rows.map((row) => [row.day, of(row)]));
    const form = new Intl.DateTimeFormat(language(), {
      month: 'short',
      day: 'numeric',
      timeZone: 'UTC',
    });
    return Array.from({ length: this.#days }, (_, index) => {
      const day = isoDay(this.#days - 1 - index);
      return { name: form.format(Date.parse(day)), value: values.get(day) ?? 0 };
    });
  }
}

/** The day that many days ago, as the gateway writes it.
    @param {number} ago */
const isoDay = (ago) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);

/** @param {UsageRow[]} rows
    @param {'credential' | 'model'} by
    @param {(row: UsageRow) => number} of */
function named(rows, by, of) {
  return rows.map((row) => ({ name: row[by] ?? '', value: of(row) }));
}

/** @param {string} key
    @param {string[]} values
    @param {string} chosen
    @param {(value: string) => void} choose */
function choice(key, values, chosen, choose) {
  const field = el(
    'select',
    { class: 'field', label: key },
    ...values.map((value) =>
      el('option', { value, t: `${key}.${value}`, selected: value === chosen }),
    ),
  );
  field.addEventListener('change', () => choose(field.value));
  return field;
}
