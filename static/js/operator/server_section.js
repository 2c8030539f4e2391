// The gateway and Ollama: whether they are well, and which models are in memory, with what they
// occupy and when they go.

import { el } from '../ui/dom.js';
import { language, number, t } from '../ui/i18n.js';
import { requestJson } from '../net/http.js';
import { size } from '../ui/sizes.js';
import { share } from './plots.js';

/** @typedef {object} Health what `/health` tells whoever has a credential
    @property {string} version
    @property {string} ollama
    @property {string | null} ollama_version
    @property {string} backend
    @property {number} uptime_s
    @property {number} open_streams
    @property {string | null} accounts_error
    @property {string | null} reload_error

    @typedef {object} LoadedModel
    @property {string} name
    @property {number} [size]
    @property {number} [size_vram]
    @property {number} [context_length]
    @property {string} [expires_at] */

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

// Ollama says a time centuries away for what is never unloaded.
const NEVER_S = 10 * 365 * DAY_S;

export class ServerSection {
  /** @type {Health | null} */
  #health = null;
  /** @type {LoadedModel[] | null} */
  #loaded = null;

  constructor() {
    this.facts = el('dl', { class: 'facts' });
    this.wrong = el('div');
    this.models = el('ul', { class: 'managed loaded' });
    this.none = el('p', { class: 'faint', t: 'operator.noneLoaded', hidden: true });
    this.node = el(
      'section',
      {},
      el('h3', { t: 'operator.server' }),
      this.facts,
      this.wrong,
      el('h4', { t: 'operator.loaded' }),
      this.none,
      this.models,
    );
    document.addEventListener('languagechange', () => this.#draw());
  }

  open() {
    return this.look();
  }

  async look() {
    const [health, memory] = await Promise.all([
      requestJson('/health', { allow: [503] }).catch(() => null),
      requestJson('/api/ps').catch(() => null),
    ]);
    this.#health = health;
    this.#loaded = memory?.models ?? null;
    this.#draw();
  }

  #draw() {
    const health = this.#health;
    /** @type {[string, string][]} */
    const rows = health
      ? [
          [
            'operator.gateway',
            `${health.version} · ${t('operator.since', { for: duration(health.uptime_s) })}`,
          ],
          ['operator.backend', backend(health)],
          ['operator.streams', number(health.open_streams)],
        ]
      : [['operator.gateway', t('operator.away')]];
    this.facts.replaceChildren(
      ...rows.flatMap(([key, value]) => [el('dt', { t: key }), el('dd', { text: value })]),
    );
    const wrong = [health?.accounts_error, health?.reload_error].filter(Boolean);
    this.wrong.replaceChildren(
      ...wrong.map((text) => el('p', { class: 'said', role: 'alert', text: String(text) })),
    );
    this.none.hidden = this.#loaded?.length !== 0;
    this.models.replaceChildren(...(this.#loaded ?? []).map(loadedRow));
  }
}

/** @param {Health} health */
function backend({ ollama, backend: kind, ollama_version: version }) {
  if (ollama !== 'connected') return t('operator.away');
  return kind === 'embedded' ? t('backend.embedded') : `Ollama ${version ?? ''}`;
}

/** @param {LoadedModel} model */
function loadedRow({
  name,
  size: bytes = 0,
  size_vram: onGpu = 0,
  context_length: context,
  expires_at: until,
}) {
  const facts = [
    size(bytes),
    bytes && t('operator.onGpu', { percent: number((100 * onGpu) / bytes) }),
    context && t('operator.context', { n: context }),
    until && leaves(until),
  ];
  return el(
    'li',
    {},
    el('b', { text: name }),
    el('small', { class: 'faint', text: facts.filter(Boolean).join(' · ') }),
    bytes ? share(onGpu / bytes) : null,
  );
}

/** When a model leaves the memory, in words.
    @param {string} until */
function leaves(until) {
  const seconds = (Date.parse(until) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return '';
  if (seconds > NEVER_S) return t('operator.stays');
  return seconds > 0 ? t('operator.leaves', { in: duration(seconds) }) : t('operator.leavesNow');
}

/** A time in its largest unit.
    @param {number} seconds */
function duration(seconds) {
  /** @type {[number, string]} */
  const [length, unit] =
    seconds >= 2 * DAY_S
      ? [DAY_S, 'day']
      : seconds >= 2 * HOUR_S
        ? [HOUR_S, 'hour']
        : seconds >= 2 * MINUTE_S
          ? [MINUTE_S, 'minute']
          : [1, 'second'];
  return new Intl.NumberFormat(language(), {
    style: 'unit',
    unit,
    unitDisplay: 'long',
    maximumFractionDigits: 0,
  }).format(seconds / length);
}
