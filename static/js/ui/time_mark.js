// The time of day at which something was written.

import { el } from './dom.js';
import { language } from './i18n.js';

document.addEventListener('languagechange', () => {
  for (const node of document.querySelectorAll('time.at')) fill(node);
});

/** @param {number} at as Date.now() tells */
export function timeMark(at) {
  const node = el('time', { class: 'at faint', datetime: new Date(at).toISOString() });
  fill(node);
  return node;
}

/** The time in words: in short, with the date where that was another day, and in full.
    @param {number | Date} at */
export function timeOf(at) {
  const day = new Date(at);
  const isToday = day.toDateString() === new Date().toDateString();
  /** @param {Intl.DateTimeFormatOptions} how */
  const words = (how) => new Intl.DateTimeFormat(language(), how).format(day);
  return {
    short: words({ timeStyle: 'short', dateStyle: isToday ? undefined : 'short' }),
    full: words({ timeStyle: 'short', dateStyle: 'full' }),
  };
}

/** @param {Element} node */
function fill(node) {
  const { short, full } = timeOf(new Date(node.getAttribute('datetime') ?? 0));
  node.textContent = short;
  node.setAttribute('title', full);
}
