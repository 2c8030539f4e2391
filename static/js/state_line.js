// The line under a running answer that says in words what is going on, and for how long.

import { el } from './dom.js';
import { say, t } from './i18n.js';

const PATIENT_S = 2;

export class StateLine {
  #clock = 0;

  constructor(reply) {
    this.reply = reply;
    this.words = el('span');
    this.seconds = el('span', { class: 'seconds' });
    this.node = el('p', { class: 'state' }, this.words, this.seconds);
    this.#enter();
    reply.addEventListener('phase', () => this.#enter());
  }

  #enter() {
    clearInterval(this.#clock);
    if (this.reply.phase === 'ended') {
      this.node.remove();
      return;
    }
    this.since = performance.now();
    this.seconds.textContent = '';
    say(this.words, `state.${this.reply.phase}`);
    if (this.reply.phase !== 'writing') this.#clock = setInterval(() => this.#tick(), 1000);
  }

  #tick() {
    const seconds = Math.round((performance.now() - this.since) / 1000);
    if (seconds >= PATIENT_S) this.seconds.textContent = t('seconds', { n: seconds });
  }
}
