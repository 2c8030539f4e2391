// The messages that go next, above the message box, each with what can be done with it.

import { button, byId, el, icon } from '../ui/dom.js';

/** @import { Queued } from './queue.js' */

/** @typedef {object} Actions
    @property {(message: Queued) => void} edit
    @property {(message: Queued) => void} drop
    @property {() => void} send */

export class QueueRows {
  /** @type {{ messages: Queued[], busy: boolean }} */
  #shown = { messages: [], busy: false };

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.node = el('ul', { id: 'queued', class: 'queued', label: 'queue.label', hidden: true });
    byId('composer').before(this.node);
  }

  /** `busy`: an answer is under way, after which they go by themselves.
      @param {Queued[]} messages
      @param {boolean} busy */
  show(messages, busy) {
    const before = this.#shown;
    if (before.messages === messages && before.busy === busy) return;
    this.#shown = { messages, busy };
    const hadFocus = this.node.contains(document.activeElement);
    this.node.hidden = messages.length === 0;
    this.node.replaceChildren(...messages.map((one, index) => this.#row(one, index === 0, busy)));
    if (hadFocus) (this.node.querySelector('button') ?? byId('message')).focus();
  }

  /** @param {Queued} message
      @param {boolean} isNext
      @param {boolean} busy */
  #row(message, isNext, busy) {
    const { text, images, files } = message;
    const { edit, drop, send } = this.actions;
    const attached = images.length + files.length;
    return el(
      'li',
      {},
      el('span', { class: 'faint', t: busy ? 'queue.next' : 'queue.held' }),
      el(
        'span',
        { class: 'words', dir: 'auto', title: text },
        attached > 0 ? icon('attach') : null,
        text || files[0]?.name,
      ),
      isNext && !busy ? button({ class: 'button', t: 'queue.send', on: { click: send } }) : null,
      tool('edit', 'queue.edit', () => edit(message)),
      tool('close', 'queue.drop', () => drop(message)),
    );
  }
}

/** @param {string} name
    @param {string} label
    @param {() => void} run */
const tool = (name, label, run) =>
  button({ class: 'quiet icon-button', icon: name, label, on: { click: run } });
