// The line of a chat in which what was searched for was found.

import { el } from '../ui/dom.js';

const BEFORE = 24;
const AFTER = 80;

/** Shows in `place` where `text` has `wanted`, in lower case; nothing where it has not.
    @param {HTMLElement} place
    @param {string} text
    @param {string} wanted */
export function showHit(place, text, wanted) {
  const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
  place.hidden = at < 0;
  if (at < 0) return;
  const end = at + wanted.length;
  const begin = Math.max(0, at - BEFORE);
  place.replaceChildren(
    begin > 0 ? '…' : '',
    text.slice(begin, at),
    el('mark', { text: text.slice(at, end) }),
    text.slice(end, end + AFTER),
  );
}
