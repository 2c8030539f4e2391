// One message on the page: a question of the reader's or an answer, with what can be done with it.

import { announce } from '../ui/announcer.js';
import { dataUrl } from '../ui/data_url.js';
import { copyButton, copyText } from '../ui/copy_button.js';
import { button, el, icon } from '../ui/dom.js';
import { failureView } from './failure_view.js';
import { lazily } from '../ui/lazily.js';
import { hasMarkdown } from '../markdown/markdown.js';
import { MarkdownBody } from '../markdown/markdown_body.js';
import { PlainBody } from '../markdown/plain_body.js';
import { openMenu } from '../ui/popup_menu.js';
import { factsLine, factsList } from './reply_facts.js';
import { StateLine } from './state_line.js';
import { ThinkingPanel } from './thinking_panel.js';
import { toolCards } from './tool_cards.js';
import { editForm } from './turn_edit.js';

/** @import { Body, Message, MessageActions } from '../types.js'
    @import { Reply } from './reply.js' */

// What is said of an answer that did not end by itself, and those that can be written on.
const MARKED = ['stopped', 'interrupted', 'elsewhere'];
const CUT_OFF = ['stopped', 'interrupted', 'failed'];

const plain = lazily(() => import('../markdown/markdown_plain.js'));

export class TurnView {
  #frame = 0;
  #over = new AbortController();
  #callsDrawn = '';

  /** `actions`: what to run for `retry`, `edit`, `remove`, `branch`, ... of this message; see chat.js.
      @param {Message} message
      @param {MessageActions} actions
      @param {HTMLElement} node where it is drawn */
  constructor(message, actions, node) {
    this.node = node;
    this.message = message;
    this.actions = actions;
    this.isAnswer = message.role === 'assistant';
    /** @type {Body} */
    this.body =
      this.isAnswer && hasMarkdown()
        ? new MarkdownBody({ folds: message.state !== 'running' })
        : new PlainBody({ folds: !this.isAnswer });
    this.foot = el('div', { class: 'foot' });
    this.calls = el('div', { class: 'calls' });
    if (this.isAnswer) {
      this.thinking = new ThinkingPanel(message);
      this.node.append(el('h2', { class: 'by', text: message.model }), this.thinking.node);
    } else {
      this.node.append(el('h2', { class: 'unseen', t: 'turn.yours' }), this.#attached());
    }
    this.node.append(this.body.node, this.calls, this.foot);
    this.#draw();
    if (message.state !== 'running') this.#finish();
  }

  /** Shows a running answer as it grows. The first words are drawn before the next frame, those
      that follow once a frame at most.
      @param {Reply} reply */
  follow(reply) {
    const { signal } = this.#over;
    const state = new StateLine(reply, signal, this.thinking);
    this.foot.before(state.node);
    this.foot.hidden = true;
    reply.addEventListener(
      'text',
      () => {
        if (this.body.isEmpty) this.#draw();
        else this.#frame ||= requestAnimationFrame(() => this.#draw());
      },
      { signal },
    );
    reply.ended.then((outcome) => {
      if (signal.aborted) return;
      this.#draw();
      this.#finish(true);
      announce(`announce.${outcome}`);
    });
  }

  /** It is shown no longer. */
  leave() {
    cancelAnimationFrame(this.#frame);
    this.body.leave?.();
    this.#over.abort();
  }

  /** The question is being rewritten, or results of tools are written in. */
  get editing() {
    const fields = [...this.calls.querySelectorAll('textarea')];
    return Boolean(this.form?.isConnected) || fields.some(({ value }) => value);
  }

  /** The focus goes back to the arrow that led here.
      @param {number} step */
  focusBranch(step) {
    const [left, right] = this.branch?.querySelectorAll('button') ?? [];
    (step < 0 ? left : right)?.focus();
  }

  /** More is known of what the answer cost. */
  showFacts() {
    const list = this.node.querySelector(':scope > .facts');
    list?.replaceChildren(...factsList(this.message).childNodes);
  }

  /** Which branch of several this is; drawn again when there are more.
      @param {{ index: number, total: number }} place */
  showBranch({ index, total }) {
    this.branch?.remove();
    this.branch = null;
    if (total < 2) return;
    /** @param {number} by
        @param {string} name */
    const step = (by, name) =>
      button({
        class: 'quiet icon-button',
        icon: name,
        label: `turn.branch.${name}`,
        on: { click: () => this.actions.branch(by) },
      });
    this.branch = el(
      'span',
      { class: 'branch' },
      step(-1, 'left'),
      el('span', { class: 'mark', text: `${index + 1}/${total}` }),
      step(1, 'right'),
    );
    this.foot.prepend(this.branch);
    this.foot.hidden = false;
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { content } = this.message;
    this.body.node.hidden = content === '';
    this.body.show(content);
    this.thinking?.draw();
    this.#drawCalls();
  }

  /** Drawn as they come; once the answer is over they ask for results. */
  #drawCalls() {
    const { toolCalls = [], state } = this.message;
    const drawn = `${toolCalls.length} ${state}`;
    if (drawn === this.#callsDrawn) return;
    this.#callsDrawn = drawn;
    this.calls.replaceChildren(...toolCards(this.message, this.actions.results));
  }

  #attached() {
    const { images = [], files = [] } = this.message;
    return el(
      'div',
      { class: 'attached', hidden: images.length + files.length === 0 },
      ...images.map((image) => el('img', { src: dataUrl(image), label: 'image' })),
      ...files.map(({ name, text }) =>
        el(
          'details',
          { class: 'tool' },
          el('summary', {}, icon('attach'), el('span', { text: name })),
          el('pre', { text }),
        ),
      ),
    );
  }

  /** `fresh`: the answer has just ended, rather than long ago.
      @param {boolean} [fresh] */
  #finish(fresh = false) {
    const { message, actions, foot } = this;
    this.body.finish();
    foot.replaceChildren();
    if (message.content) foot.append(copyButton(() => message.content, { t: 'turn.copy' }));
    if (!this.isAnswer) foot.append(this.#tool('edit', 'turn.edit', () => this.#edit()));
    else if (!message.failure) foot.append(this.#tool('retry', 'turn.again', actions.retry));
    const more = this.#tool('menu', 'turn.more', () => openMenu(more, this.#more(more)));
    more.setAttribute('aria-haspopup', 'menu');
    foot.append(more);
    if (message.facts?.usage) this.#addFacts();
    foot.append(...this.#marks());
    if (message.failure) foot.before(failureView(message.failure, actions, { fresh }));
    foot.hidden = false;
    if (this.branch) foot.prepend(this.branch);
  }

  /** How the answer ended, where not by itself; one that was cut off can be written on. */
  #marks() {
    const { state, facts, content, thinking, toolCalls } = this.message;
    const cutShort = facts?.reason === 'length';
    const marks = [];
    if (MARKED.includes(state ?? '')) marks.push(state);
    else if (cutShort) marks.push('length');
    else if (state === 'done' && thinking && !content && !toolCalls) marks.push('thoughtOnly');
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
    const { message, actions, isAnswer } = this;
    return [
      isAnswer &&
        message.content && {
          icon: 'copy',
          t: 'turn.copyPlain',
          run: () => copyPlain(message.content),
        },
      isAnswer && { icon: 'retry', t: 'turn.againWith', run: () => actions.retryWith(at) },
      { icon: 'trash', t: 'turn.remove', run: actions.remove },
    ];
  }

  /** @param {string} name
      @param {string} label
      @param {() => unknown} run */
  #tool(name, label, run) {
    return button({ class: 'quiet icon-button', icon: name, label, on: { click: run } });
  }

  #addFacts() {
    const line = factsLine(this.message.facts);
    if (!line) return;
    const list = factsList(this.message);
    list.hidden = true;
    const toggle = this.#tool('info', 'facts.show', () => {
      list.hidden = !list.hidden;
      toggle.setAttribute('aria-expanded', String(!list.hidden));
    });
    toggle.setAttribute('aria-expanded', 'false');
    this.foot.append(toggle, line);
    this.foot.after(list);
  }

  #edit() {
    const { message, body, foot } = this;
    const close = () => {
      this.form?.remove();
      body.node.hidden = foot.hidden = false;
      /** @type {HTMLElement | null} */
      const edit = foot.querySelector('[data-t-label="turn.edit"]');
      edit?.focus();
    };
    /** @param {string} text */
    const send = (text) => {
      if (this.actions.edit(text)) close();
    };
    this.form = editForm(message.content, send, close);
    body.node.hidden = foot.hidden = true;
    body.node.after(this.form);
    const box = this.form.querySelector('textarea');
    box?.focus();
  }
}

/** @param {string} markdown */
async function copyPlain(markdown) {
  const loaded = await plain();
  copyText(loaded ? loaded.plainText(markdown) : markdown);
}
