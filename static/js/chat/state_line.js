// The line under a running answer that says in words what is going on, and for how long.

import { announce } from '../ui/announcer.js';
import { el } from '../ui/dom.js';
import { bindText, t } from '../ui/i18n.js';

/** @import { Reply } from './reply.js'
    @import { ThinkingPanel } from './thinking_panel.js' */

const PATIENT_S = 2;

export class StateLine {
  #clock = 0;

  /** `thinking`: the panel that says it instead while the model thinks. `isQuiet`: screen readers are
      not told, because another answer is written beside it.
      @param {Reply} reply
      @param {AbortSignal} signal ends it
      @param {{ thinking?: ThinkingPanel, isQuiet?: boolean }} how */
  constructor(reply, signal, { thinking, isQuiet = false }) {
    this.reply = reply;
    this.thinking = thinking;
    this.isQuiet = isQuiet;
    this.words = el('span');
    this.seconds = el('span', { class: 'seconds' });
    this.node = el('p', { class: 'state' }, this.words, this.seconds);
    this.#enter();
    reply.addEventListener('phase', () => this.#enter(), { signal });
    signal.addEventListener('abort', () => clearInterval(this.#clock));
  }

  #enter() {
    clearInterval(this.#clock);
    this.told = false;
    const { phase, place } = this.reply;
    if (phase === 'ended') {
      this.node.remove();
      return;
    }
    this.node.hidden = phase === 'thinking';
    this.seconds.textContent = '';
    if (phase === 'queued') bindText(this.words, 'state.queued', { place });
    else bindText(this.words, `state.${phase}`);
    if (phase === 'writing') return;
    this.#clock = setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  #tick() {
    const seconds = Math.round((performance.now() - this.reply.phaseAt) / 1000);
    if (seconds < PATIENT_S) return;
    const line = this.reply.phase === 'thinking' ? this.thinking : this;
    if (line) line.seconds.textContent = t('seconds', { n: seconds });
    if (!this.told && !this.isQuiet)
      announce(`state.${this.reply.phase}`, { place: this.reply.place });
    this.told = true;
  }
}
