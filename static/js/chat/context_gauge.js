// How much of the model's context the conversation fills, as far as the last answer told.

import { byId, el } from '../ui/dom.js';
import { number } from '../ui/i18n.js';

const NEARLY_FULL = 0.8;

/** Shows `used` of `limit` tokens; nothing where one of them is unknown.
    @param {number | null | undefined} used
    @param {number | null | undefined} limit */
export function showContext(used, limit) {
  const place = byId('context');
  place.hidden = !used || !limit;
  if (!used || !limit) return;
  const share = Math.min(1, used / limit);
  const full = share >= NEARLY_FULL;
  place.toggleAttribute('data-full', full);
  const bar = el('progress', { value: share, max: 1, 'aria-hidden': 'true' });
  const params = { used: number(used), limit: number(limit), percent: number(share * 100) };
  place.replaceChildren(bar, el('span', { t: full ? 'context.full' : 'context.used', params }));
  place.title = `${params.used} / ${params.limit}`;
}
