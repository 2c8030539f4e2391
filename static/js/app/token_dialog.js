// Asks for the token that the gateway wants, tries it, and keeps it where the reader says.

import { button, byId, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { RequestFailed, requestJson } from '../net/http.js';
import { forgetToken, isRemembered, keepToken, token, tokenIn } from '../net/token_store.js';

/** Fires `change` when a token was accepted or forgotten, and `forgotten`. */
export class TokenDialog extends EventTarget {
  constructor() {
    super();
    this.dialog = byId('token-dialog');
    this.input = el('input', {
      class: 'field',
      id: 'token',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      required: true,
      'aria-describedby': 'token-said',
    });
    this.keep = el('input', { type: 'checkbox', id: 'token-keep' });
    this.said = el('p', { class: 'said', id: 'token-said', role: 'alert', hidden: true });
    this.forget = button({
      class: 'button bad',
      t: 'token.forget',
      on: { click: () => this.#forget() },
    });
    this.dialog.append(
      el(
        'form',
        { on: { submit: (event) => this.#submit(event) } },
        el('h2', { id: 'token-title', t: 'token.title' }),
        el('p', { class: 'faint', t: 'token.why' }),
        el('label', { class: 'unseen', for: 'token', t: 'token.label' }),
        this.input,
        this.said,
        el(
          'label',
          { class: 'check' },
          this.keep,
          el('span', {}, el('span', { t: 'token.keep' }), el('small', { t: 'token.keep.why' })),
        ),
        el('p', {
          class: 'faint',
          id: 'token-path',
          t: 'token.path',
          params: { url: `${location.origin}/k/TOKEN` },
        }),
        el(
          'div',
          { class: 'ends' },
          el('button', { class: 'button main', type: 'submit', t: 'token.use' }),
          button({ class: 'button', t: 'cancel', on: { click: () => this.dialog.close() } }),
          el('span', { class: 'gap' }),
          this.forget,
        ),
      ),
    );
  }

  open() {
    if (this.dialog.open) return;
    this.input.value = '';
    this.keep.checked = isRemembered();
    this.said.hidden = true;
    this.forget.hidden = token() === null;
    this.dialog.showModal();
    this.input.focus();
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const candidate = tokenIn(this.input.value);
    if (candidate === null) this.#refuse('token.none');
    if (!candidate) return;
    try {
      await requestJson('/api/version', { candidate, allow: [403, 404, 429, 502, 503, 504] });
    } catch (failure) {
      const isUnknown = failure instanceof RequestFailed && failure.status === 401;
      this.#refuse(isUnknown ? 'token.unknown' : 'token.untried');
      return;
    }
    keepToken(candidate, { onDevice: this.keep.checked });
    this.dialog.close();
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} key */
  #refuse(key) {
    bindText(this.said, key);
    this.said.hidden = false;
    this.input.select();
  }

  #forget() {
    forgetToken();
    this.dialog.close();
    this.dispatchEvent(new Event('change'));
    this.dispatchEvent(new Event('forgotten'));
  }
}
