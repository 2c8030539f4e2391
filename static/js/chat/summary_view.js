// What stands for the messages above it, where a model summed them up.

import { button, el } from '../ui/dom.js';

/** @import { Message } from '../types.js' */

/** `drop()`: takes the summary away.
    @param {Message} message
    @param {() => void} drop */
export function summaryView({ summary }, drop) {
  return el(
    'details',
    { class: 'tool summed' },
    el('summary', { t: 'summary.here' }),
    el('p', { class: 'plain', dir: 'auto', text: summary }),
    button({ class: 'button', t: 'summary.drop', on: { click: drop } }),
  );
}
