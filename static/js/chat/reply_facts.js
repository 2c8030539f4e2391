// What an answer cost, in figures: a short line, and the whole list behind a button.

import { el } from '../ui/dom.js';
import { number } from '../ui/i18n.js';
import { timeOf } from '../ui/time_mark.js';
import { lazily } from '../ui/lazily.js';

/** @import { Facts, Message } from '../types.js' */

const recipe = lazily(() => import('./proxy_recipe.js'));

/** The short line: tokens and speed; null where the backend counted nothing.
    @param {Facts} [facts] */
export function factsLine({ usage, timings } = {}) {
  const tokens = usage?.completion_tokens;
  if (!tokens) return null;
  const speed = timings?.tokens_per_second;
  return speed
    ? el('span', {
        class: 'mark',
        t: 'facts.line',
        params: { tokens, speed: Number(speed.toFixed(1)) },
      })
    : el('span', { class: 'mark', t: 'facts.tokens', params: { tokens } });
}

/** All that is known, as a list of terms.
    @param {Message} message */
export function factsList({ at, model, facts = {} }) {
  const { usage = {}, timings = {}, reason, firstMs, context, way } = facts;
  /** @type {[string, string | number | null | undefined][]} */
  const rows = [
    ['facts.model', model],
    ['facts.at', timeOf(at).full],
    ['facts.prompt', usage.prompt_tokens && number(usage.prompt_tokens)],
    ['facts.reply', usage.completion_tokens && number(usage.completion_tokens)],
    ['facts.speed', timings.tokens_per_second && number(timings.tokens_per_second, 1)],
    ['facts.first', firstMs && seconds(firstMs)],
    ['facts.load', timings.load_ms && seconds(timings.load_ms)],
    ['facts.total', timings.total_ms && seconds(timings.total_ms)],
    ['facts.context', context && number(context)],
    ['facts.reason', reason],
  ];
  const list = el(
    'dl',
    { class: 'facts' },
    ...rows
      .filter(([, value]) => value)
      .flatMap(([key, value]) => [el('dt', { t: key }), el('dd', { text: String(value) })]),
  );
  if (way === 'http') list.append(el('dt', { t: 'facts.way' }), overHttp());
  return list;
}

/** That the socket did not get through, and what helps. */
function overHttp() {
  const told = el('dd', {}, el('span', { t: 'facts.way.http' }));
  recipe().then((loaded) => {
    if (loaded) told.append(loaded.proxyRecipe());
  });
  return told;
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${number(milliseconds / 1000, milliseconds < 10_000 ? 2 : 0)} s`;
}
