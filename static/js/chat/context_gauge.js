// How much of the model's context the conversation fills, as far as the last answer told.

import { byId, el } from '../ui/dom.js';
import { number } from '../ui/i18n.js';

/** @import { Message } from '../types.js' */

export const NEARLY_FULL = 0.8;

/** Of answers side by side, what is known of the context that is filled most.
    @param {Message[]} answers */
export function fullest(answers) {
  const known = answers.map(({ facts }) => ({
    used: facts?.usage?.total_tokens,
    limit: facts?.context,
  }));
  /** @param {{ used?: number, limit?: number | null }} one */
  const share = ({ used, limit }) => (used && limit ? used / limit : 0);
  return known.sort((one, other) => share(other) - share(one))[0] ?? {};
}

/** Shows `used` of `limit` tokens; nothing where one of them is unknown. `written`: how many of them
    are about those of a message that is not sent yet, which are shown in any case. `models`: how many
    of them it goes to.
    @param {number | null | undefined} used
    @param {number | null | undefined} limit
    @param {number} [written]
    @param {number} [models] */
export function showContext(used, limit, written = 0, models = 1) {
  const n = models > 1 ? `${models} × ${number(written)}` : written;
  const place = byId('context');
  place.hidden = !written && (!used || !limit);
  if (written && !limit) {
    place.removeAttribute('data-full');
    place.title = '';
    place.replaceChildren(el('span', { t: 'context.written', params: { n } }));
  }
  if (!used || !limit) return;
  const share = Math.min(1, used / limit);
  const full = share >= NEARLY_FULL;
  place.toggleAttribute('data-full', full);
  const bar = el('progress', { value: share, max: 1, 'aria-hidden': 'true' });
  const params = { used: number(used), limit: number(limit), percent: number(share * 100) };
  place.replaceChildren(bar, el('span', { t: words(full, written), params: { ...params, n } }));
  place.title = `${params.used} / ${params.limit}`;
}

/** @param {boolean} full
    @param {number} written */
function words(full, written) {
  if (written) return 'context.withThis';
  return full ? 'context.full' : 'context.used';
}
