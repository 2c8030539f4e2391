// What stands below a message: buttons to copy, edit or repeat it, which branch it is, what it cost,
// and how it ended where not by itself.

import { copyButton, copyText } from '../ui/copy_button.js';
import { button, el } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';
import { timeMark } from '../ui/time_mark.js';
import { openMenu } from '../ui/popup_menu.js';
import { readButton } from './reading.js';
import { factsLine, factsList } from './reply_facts.js';

/** @import { Message, MessageActions } from '../types.js' */

// What is said of an answer that did not end by itself, and those that can be written on.
const MARKED = ['stopped', 'interrupted', 'elsewhere'];
const CUT_OFF = ['stopped', 'interrupted', 'failed'];

const plain = lazily(() => import('../markdown/markdown_plain.js'));

export class TurnFoot {
  /** @type {HTMLElement | null} */
  #branch = null;
  /** @type {HTMLElement | null} */
  #facts = null;

  /** @param {Message} message
      @param {MessageActions} actions
      @param {() => void} edit opens the form in which it is rewritten */
  constructor(message, actions, edit) {
    this.message = message;
    this.actions = actions;
    this.edit = edit;
    this.node = el('div', { class: 'foot' });
  }

  /** Draws it, once the message is complete. */
  fill() {
    const { message, actions, node } = this;
    node.replaceChildren();
    if (message.content) node.append(copyButton(() => message.content, { t: 'turn.copy' }));
    if (message.role !== 'assistant') node.append(tool('edit', 'turn.edit', this.edit));
    else if (!message.failure) node.append(tool('retry', 'turn.again', actions.retry));
    if (message.role === 'assistant' && message.content) node.append(readButton(message));
    const more = tool('menu', 'turn.more', () => openMenu(more, this.#more(more)));
    more.setAttribute('aria-haspopup', 'menu');
    node.append(more);
    if (message.facts?.usage) this.#addFacts();
    node.append(...this.#marks(), timeMark(message.at));
    node.hidden = false;
    if (this.#branch) node.prepend(this.#branch);
  }

  /** More is known of what the answer cost. */
  showFacts() {
    this.#facts?.replaceChildren(...factsList(this.message).childNodes);
  }

  /** Which branch of several this is; drawn again when there are more.
      @param {{ index: number, total: number }} place */
  showBranch({ index, total }) {
    this.#branch?.remove();
    this.#branch = null;
    if (total < 2) return;
    /** @param {number} by
        @param {string} name */
    const step = (by, name) => tool(name, `turn.branch.${name}`, () => this.actions.branch(by));
    this.#branch = el(
      'span',
      { class: 'branch' },
      step(-1, 'left'),
      el('span', { class: 'mark', text: `${index + 1}/${total}` }),
      step(1, 'right'),
    );
    this.node.prepend(this.#branch);
    this.node.hidden = false;
  }

  /** The focus goes back to the arrow that led here.
      @param {number} step */
  focusBranch(step) {
    const [left, right] = this.#branch?.querySelectorAll('button') ?? [];
    (step < 0 ? left : right)?.focus();
  }

  focusEdit() {
    /** @type {HTMLElement | null} */
    const edit = this.node.querySelector('[data-t-label="turn.edit"], [data-t-label="turn.more"]');
    edit?.focus();
  }

  /** How the answer ended, where not by itself; one that was cut off can be written on. */
  #marks() {
    const { state, facts, content, thinking, toolCalls } = this.message;
    const cutShort = facts?.reason === 'length';
    const marks = [];
    if (MARKED.includes(state ?? '')) marks.push(state);
    else if (cutShort) marks.push('length');
    else if (state === 'done' && thinking && !content && !toolCalls) marks.push('thoughtOnly');
    if (this.message.edited) marks.push('edited');
    const nodes = marks.map((mark) => el('span', { class: 'mark', t: `turn.${mark}` }));
    if (content && (cutShort || CUT_OFF.includes(state ?? ''))) {
      nodes.push(
        button({ class: 'quiet go-on', t: 'turn.goOn', on: { click: this.actions.goOn } }),
      );
    }
    return nodes;
  }

  /** @param {HTMLElement} at */
  #more(at) {
    const { message, actions } = this;
    const isAnswer = message.role === 'assistant';
    return [
      isAnswer &&
        message.content && {
          icon: 'copy',
          t: 'turn.copyPlain',
          run: () => copyPlain(message.content),
        },
      isAnswer && { icon: 'retry', t: 'turn.againWith', run: () => actions.retryWith(at) },
      isAnswer &&
        !at.closest('.beside') && {
          icon: 'beside',
          t: 'turn.alsoWith',
          run: () => actions.alsoWith(at),
        },
      isAnswer && message.content && { icon: 'edit', t: 'turn.editAnswer', run: this.edit },
      { icon: 'compose', t: 'turn.fork', run: actions.fork },
      { icon: 'trash', t: 'turn.remove', run: actions.remove },
    ];
  }

  #addFacts() {
    const line = factsLine(this.message.facts);
    if (!line) return;
    const list = factsList(this.message);
    list.hidden = true;
    const toggle = tool('info', 'facts.show', () => {
      list.hidden = !list.hidden;
      toggle.setAttribute('aria-expanded', String(!list.hidden));
    });
    toggle.setAttribute('aria-expanded', 'false');
    this.node.append(toggle, line);
    this.node.after(list);
    this.#facts = list;
  }
}

/** @param {string} name
    @param {string} label
    @param {() => unknown} run */
function tool(name, label, run) {
  return button({ class: 'quiet icon-button', icon: name, label, on: { click: run } });
}

/** @param {string} markdown */
async function copyPlain(markdown) {
  const loaded = await plain();
  copyText(loaded ? loaded.plainText(markdown) : markdown);
}
