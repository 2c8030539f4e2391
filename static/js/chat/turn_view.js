// One message on the page: a question of the reader's or an answer, with what can be done with it.

import { announce } from '../ui/announcer.js';
import { el } from '../ui/dom.js';
import { t } from '../ui/i18n.js';
import { attachedView } from './attached_view.js';
import { failureView } from './failure_view.js';
import { lazily } from '../ui/lazily.js';
import { hasMarkdown } from '../markdown/markdown.js';
import { MarkdownBody } from '../markdown/markdown_body.js';
import { PlainBody } from '../markdown/plain_body.js';
import { StateLine } from './state_line.js';
import { ThinkingPanel } from './thinking_panel.js';
import { toolCards } from './tool_cards.js';
import { editForm } from './turn_edit.js';
import { TurnFoot } from './turn_foot.js';

/** @import { Body, Message, MessageActions } from '../types.js'
    @import { Reply } from './reply.js' */

const summaryView = lazily(() => import('./summary_view.js'));

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
    this.foot = new TurnFoot(message, actions, () => this.#edit());
    this.calls = el('div', { class: 'calls' });
    if (this.isAnswer) {
      this.thinking = new ThinkingPanel(message);
      this.node.append(el('h2', { class: 'by', text: message.model }), this.thinking.node);
    } else {
      this.node.append(el('h2', { class: 'unseen', t: 'turn.yours' }), attachedView(message));
    }
    this.node.append(this.body.node, this.calls, this.foot.node);
    this.#draw();
    if (message.state !== 'running') this.#finish();
  }

  /** Shows a running answer as it grows. The first words are drawn before the next frame, those
      that follow once a frame at most. `isBeside`: another answer is shown beside it; screen readers
      are then told of the end alone, and whose it is.
      @param {Reply} reply
      @param {{ isBeside?: boolean }} [how] */
  follow(reply, { isBeside = false } = {}) {
    const { signal } = this.#over;
    const state = new StateLine(reply, signal, { thinking: this.thinking, isQuiet: isBeside });
    this.foot.node.before(state.node);
    this.foot.node.hidden = true;
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
      this.#finish({ isFresh: true, isBeside });
      const { model, failure } = this.message;
      const ends = failure ? t(failure.what, failure.params) : t(`announce.${outcome}`);
      if (isBeside) announce('announce.by', { model, ends });
      else announce(`announce.${outcome}`);
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

  /** `isFresh`: the answer has just ended, rather than long ago.
      @param {{ isFresh?: boolean, isBeside?: boolean }} [how] */
  #finish({ isFresh = false, isBeside = false } = {}) {
    const { failure } = this.message;
    this.body.finish();
    this.foot.fill();
    const fresh = isFresh && !isBeside; // of answers side by side the announcer says whose it is
    if (failure) this.foot.node.before(failureView(failure, this.actions, { fresh }));
    if (this.message.summary) this.#addSummary();
  }

  async #addSummary() {
    const view = await summaryView();
    if (view) this.node.append(view.summaryView(this.message, this.actions.unsum));
  }

  #edit() {
    const { message, body, foot } = this;
    const close = () => {
      this.form?.remove();
      body.node.hidden = foot.node.hidden = false;
      foot.focusEdit();
    };
    /** @param {string} text */
    const send = (text) => {
      if (this.actions.edit(text)) close();
    };
    /** @param {string} text */
    const save = (text) => {
      if (text === message.content || this.actions.keep(text)) close();
    };
    const ends = { save, send: this.isAnswer ? null : send, cancel: close };
    this.form = editForm(message.content, ends);
    body.node.hidden = foot.node.hidden = true;
    body.node.after(this.form);
    const box = this.form.querySelector('textarea');
    box?.focus();
  }
}
