// What the model thought before it answered: folded, with its duration, always plain text.

import { el } from './dom.js';
import { say } from './i18n.js';
import { PlainBody } from './plain_body.js';

export class ThinkingPanel {
  #body = new PlainBody();

  constructor(message) {
    this.message = message;
    this.summary = el('summary');
    this.node = el('details', { class: 'thinking' }, this.summary, this.#body.node);
    this.draw();
  }

  draw() {
    const { thinking = '', thinkingMs, state } = this.message;
    this.node.hidden = thinking === '';
    this.#body.show(thinking);
    if (thinkingMs !== undefined) say(this.summary, 'thinking.took', { seconds: Math.max(1, Math.round(thinkingMs / 1000)) });
    else say(this.summary, state === 'running' ? 'thinking.now' : 'thinking.was');
  }
}
