// What the model thought before it answered: folded, with its duration, always plain text.

import { el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { PlainBody } from '../markdown/plain_body.js';

/** @import { Message } from '../types.js' */

export class ThinkingPanel {
  #body = new PlainBody();

  /** @param {Message} message */
  constructor(message) {
    this.message = message;
    this.words = el('span');
    /** For how long, while it thinks; state_line.js writes it. */
    this.seconds = el('span', { class: 'seconds' });
    this.node = el(
      'details',
      { class: 'thinking' },
      el('summary', {}, this.words, this.seconds),
      this.#body.node,
    );
    this.draw();
  }

  draw() {
    const { thinking = '', thinkingMs, state } = this.message;
    const isNow = thinkingMs === undefined && state === 'running';
    this.node.hidden = thinking === '';
    this.node.toggleAttribute('data-now', isNow);
    this.#body.show(thinking);
    if (!isNow) this.seconds.textContent = '';
    if (thinkingMs !== undefined)
      bindText(this.words, 'thinking.took', {
        seconds: Math.max(1, Math.round(thinkingMs / 1000)),
      });
    else bindText(this.words, isNow ? 'thinking.now' : 'thinking.was');
  }
}
