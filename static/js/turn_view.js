// One message on the page: a question of the reader's or an answer, with what can be done with it.

import { button, el } from './dom.js';
import { announce } from './announcer.js';
import { failureView } from './failure_view.js';
import { say } from './i18n.js';
import { glyph } from './icons.js';
import { PlainBody } from './plain_body.js';
import { StateLine } from './state_line.js';

const COPIED_MS = 1_500;

export class TurnView {
  #frame = 0;

  /** `actions`: what to run for `retry`, `token`, `model`, ... of this message. */
  constructor(message, actions) {
    this.message = message;
    this.actions = actions;
    this.body = new PlainBody();
    this.foot = el('div', { class: 'foot' });
    const mine = message.role === 'user';
    this.node = el('article', { class: `turn ${message.role}`, data: { id: message.id } });
    if (mine) this.node.setAttribute('aria-label', message.content.slice(0, 80));
    else this.node.append(el('p', { class: 'by', text: message.model }));
    this.node.append(this.body.node, this.foot);
    this.#draw();
    if (message.state !== 'running') this.#finish();
  }

  /** Shows a running answer as it grows. */
  follow(reply) {
    const state = new StateLine(reply);
    this.foot.before(state.node);
    this.foot.hidden = true;
    reply.addEventListener('text', () => {
      this.#frame ||= requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
    });
    reply.ended.then((outcome) => {
      this.#draw();
      this.#finish();
      announce(`announce.${outcome}`);
    });
  }

  #draw() {
    const { content } = this.message;
    this.body.node.hidden = content === '';
    this.body.show(content);
  }

  #finish() {
    const { message, actions } = this;
    this.body.finish();
    this.foot.hidden = false;
    this.foot.replaceChildren();
    if (message.content) this.foot.append(this.#copyButton());
    if (message.role === 'assistant' && !message.failure) {
      this.foot.append(button({ class: 'quiet icon-button', icon: 'retry', label: 'turn.again', on: { click: actions.retry } }));
    }
    if (message.state === 'stopped') this.foot.append(el('span', { class: 'mark', t: 'turn.stopped' }));
    if (message.failure) this.foot.before(failureView(message.failure, actions));
    this.foot.hidden = this.foot.childElementCount === 0;
  }

  #copyButton() {
    const press = button({ class: 'quiet icon-button', icon: 'copy', label: 'turn.copy' });
    press.addEventListener('click', async () => {
      await navigator.clipboard.writeText(this.message.content);
      press.replaceChildren(glyph('check'));
      say(press, 'turn.copied', undefined, 'tLabel');
      announce('turn.copied');
      setTimeout(() => {
        press.replaceChildren(glyph('copy'));
        say(press, 'turn.copy', undefined, 'tLabel');
      }, COPIED_MS);
    });
    return press;
  }
}
