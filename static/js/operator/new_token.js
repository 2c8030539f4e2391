// The form that makes a token, and the one look at what it made: the token's text is shown until the
// reader is done with it or the view closes, and is nowhere after that.

import { copyButton } from '../ui/copy_button.js';
import { button, el } from '../ui/dom.js';
import { failureOf } from '../net/failure.js';
import { requestJson } from '../net/http.js';
import { tell } from '../ui/said.js';

const DAY_S = 86_400;
const LIFETIMES = ['7', '30', '90', '365', 'never'];
const USUAL_LIFETIME = '90';
const SCOPES = ['generate', 'manage'];

export class NewToken {
  /** @param {() => unknown} made runs when there is a new token */
  constructor(made) {
    this.made = made;
    this.name = field('operator.token.name');
    this.models = field('operator.token.models');
    this.scopes = SCOPES.map((value) =>
      el('input', { type: 'checkbox', value, checked: value === 'generate' }),
    );
    this.lifetime = el(
      'select',
      { class: 'field', label: 'operator.token.lifetime' },
      ...LIFETIMES.map((value) =>
        el('option', {
          value,
          t: `operator.token.lifetime.${value}`,
          selected: value === USUAL_LIFETIME,
        }),
      ),
    );
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    this.form = el(
      'form',
      { class: 'token-form', on: { submit: (event) => this.#submit(event) } },
      this.name,
      this.models,
      this.lifetime,
      el(
        'span',
        { class: 'token-scopes' },
        ...this.scopes.map((box) =>
          el('label', { class: 'check' }, box, el('span', { t: `operator.scope.${box.value}` })),
        ),
      ),
      el('button', { class: 'button main', type: 'submit', t: 'operator.token.make' }),
    );
    this.result = el('div', { class: 'new-token', role: 'status' });
    this.node = el('div', {}, this.form, this.said, this.result);
  }

  /** Nothing of a token stays in the document. */
  forget() {
    this.result.replaceChildren();
    tell(this.said, null);
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const name = this.name.value.trim();
    if (!name) {
      this.name.focus();
      return;
    }
    this.forget();
    let refused = null;
    const made = await requestJson('/admin/tokens', { body: this.#body(name) }).catch((failure) => {
      refused = failureOf(failure);
      return null;
    });
    tell(this.said, refused);
    if (!made) return;
    this.name.value = this.models.value = '';
    // The view may have been closed meanwhile.
    if (this.node.closest('dialog')?.open) this.#show(made);
    this.made();
  }

  /** @param {string} name */
  #body(name) {
    const models = this.models.value.split(/[\s,]+/).filter(Boolean);
    const days = Number(this.lifetime.value);
    return {
      name,
      scopes: this.scopes.filter((box) => box.checked).map(({ value }) => value),
      ...(models.length > 0 && { models }),
      ...(days && { expires: Math.round(Date.now() / 1000) + days * DAY_S }),
    };
  }

  /** @param {{ name: string, token: string }} made */
  #show({ name, token }) {
    const done = button({
      class: 'button',
      t: 'operator.token.done',
      on: {
        click: () => {
          this.forget();
          this.name.focus();
        },
      },
    });
    const copy = copyButton(() => token, { t: 'operator.token.copy' });
    this.result.replaceChildren(
      el('p', { t: 'operator.token.once', params: { name } }),
      el('div', { class: 'token-text' }, el('code', { text: token }), copy, done),
    );
    copy.focus();
  }
}

/** @param {string} key */
function field(key) {
  return el('input', {
    class: 'field',
    type: 'text',
    label: key,
    placeholder: key,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
}
