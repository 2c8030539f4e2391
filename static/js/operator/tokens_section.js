// The tokens that let people in: those there are, a button that revokes one, and the form that makes
// one.

import { button, el } from '../ui/dom.js';
import { language, t } from '../ui/i18n.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { failureOf } from '../net/failure.js';
import { requestEmpty, requestJson } from '../net/http.js';
import { token } from '../net/token_store.js';
import { tell } from '../ui/said.js';
import { NewToken } from './new_token.js';

/** @import { StoredToken } from '../types.js' */

const IN_FORCE = ['valid', 'being replaced'];

export class TokensSection {
  constructor() {
    this.title = el('h3', { t: 'operator.tokens.title', tabindex: '-1' });
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    // Who has not said who he is may see the tokens, and change nothing.
    this.anonymous = el('p', { class: 'faint', t: 'operator.token.anonymous', hidden: true });
    this.maker = new NewToken(() => this.#list());
    const list = el('ul', { class: 'managed' });
    this.rows = new KeyedRows(list, {
      key: ({ source, name, fingerprint }) => `${source} ${name} ${fingerprint}`,
      make: ({ name }) => new TokenRow(() => this.#revoke(name)),
    });
    this.node = el(
      'section',
      { class: 'tokens' },
      this.title,
      this.anonymous,
      this.maker.node,
      this.said,
      list,
    );
    document.addEventListener('languagechange', () => this.node.isConnected && this.#list());
  }

  open() {
    this.anonymous.hidden = token() !== null;
    this.maker.node.hidden = token() === null;
    return this.#list();
  }

  close() {
    this.maker.forget();
  }

  async #list() {
    let refused = null;
    /** @type {{ tokens: StoredToken[] } | null} */
    const found = await requestJson('/admin/tokens').catch((failure) => {
      refused = failureOf(failure);
      return null;
    });
    tell(this.said, refused);
    if (!found) return;
    const rank = (/** @type {StoredToken} */ { status }) => (IN_FORCE.includes(status) ? 0 : 1);
    this.rows.show(found.tokens.sort((one, other) => rank(one) - rank(other)));
  }

  /** @param {string} name */
  async #revoke(name) {
    let refused = null;
    const path = `/admin/tokens/${encodeURIComponent(name)}`;
    await requestEmpty(path, { method: 'DELETE' }).catch((failure) => {
      refused = failureOf(failure);
    });
    if (refused) tell(this.said, refused);
    else await this.#list();
    if (this.node.isConnected) this.title.focus();
  }
}

class TokenRow {
  /** @param {() => unknown} revoke */
  constructor(revoke) {
    this.name = el('b');
    this.status = el('span', { class: 'chip' });
    this.facts = el('small', { class: 'faint' });
    this.revoke = button({
      class: 'quiet icon-button',
      icon: 'trash',
      label: 'operator.revoke',
      on: { click: () => this.#ask(revoke) },
    });
    this.place = el('div', { class: 'managed-place' });
    this.node = el(
      'li',
      {},
      el(
        'div',
        { class: 'managed-head' },
        el('span', {}, this.name, ' ', this.status, this.facts),
        this.revoke,
      ),
      this.place,
    );
  }

  /** @param {StoredToken} token */
  update({ name, status, source, scopes, models, expires, created }) {
    this.name.textContent = name;
    this.status.textContent = t(`operator.status.${status}`);
    const day = new Intl.DateTimeFormat(language(), { dateStyle: 'medium' });
    this.facts.textContent = [
      scopes.map((scope) => t(`operator.scope.${scope}`)).join(', '),
      models?.join(' '),
      created && t('operator.created', { day: day.format(created * 1000) }),
      expires && t('operator.expires', { day: day.format(expires * 1000) }),
      source === 'configuration' && t('operator.configured'),
    ]
      .filter(Boolean)
      .join(' · ');
    this.revoke.hidden = token() === null || !IN_FORCE.includes(status);
    if (this.revoke.hidden) this.place.replaceChildren();
  }

  /** @param {() => unknown} revoke */
  #ask(revoke) {
    const keep = button({
      class: 'button',
      t: 'cancel',
      on: {
        click: () => {
          this.place.replaceChildren();
          this.revoke.focus();
        },
      },
    });
    this.place.replaceChildren(
      el('p', { t: 'operator.revokeAsk', params: { name: this.name.textContent } }),
      el(
        'div',
        { class: 'ends' },
        button({ class: 'button bad', t: 'operator.revoke', on: { click: revoke } }),
        keep,
      ),
    );
    keep.focus();
  }
}
