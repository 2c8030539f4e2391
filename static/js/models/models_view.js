// The models on the server, for those who may manage them: fetch, copy, delete, look at.

import { byId, el } from '../ui/dom.js';
import { closeFromBeside, drawerHead } from '../ui/drawer.js';
import { failureOf } from '../net/failure.js';
import { requestEmpty } from '../net/http.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { tell } from '../ui/said.js';
import { ManagedRow } from './managed_row.js';
import { PullRows } from './pull_rows.js';
import { Pulls } from './pulls.js';

/** @import { Models } from './models.js'
    @import { Transport } from '../net/transport.js' */

export class ModelsView {
  /** @param {Models} models
      @param {Transport} transport */
  constructor(models, transport) {
    this.models = models;
    this.pulls = new Pulls(transport, () => models.refresh());
    this.name = el('input', {
      class: 'field',
      type: 'text',
      label: 'manage.name',
      placeholder: 'manage.name',
      spellcheck: 'false',
      autocapitalize: 'none',
    });
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    this.unread = el('p', { class: 'said', role: 'alert', hidden: true });
    this.none = el('p', { class: 'faint', t: 'manage.none', hidden: true });
    const list = el('ul', { class: 'managed' });
    this.rows = new KeyedRows(list, {
      key: ({ name }) => name,
      make: ({ name }) => this.#row(name),
    });
    this.dialog = byId('models-view');
    this.dialog.append(
      drawerHead(this.dialog, el('h2', { id: 'models-title', t: 'manage.title' })),
      el(
        'div',
        { class: 'drawer-body' },
        el(
          'form',
          { class: 'pull-form', on: { submit: (event) => this.#pull(event) } },
          this.name,
          el('button', { class: 'button main', type: 'submit', t: 'manage.pull' }),
        ),
        this.said,
        new PullRows(this.pulls, () => this.name.focus()).node,
        this.unread,
        this.none,
        list,
      ),
    );
    closeFromBeside(this.dialog);
    models.addEventListener('change', () => {
      if (this.dialog.open) this.#draw();
    });
    document.addEventListener('languagechange', () => this.#draw());
  }

  /** `name`: a model to fetch, for the field; the reader still decides.
      @param {string} [name] */
  async open(name = '') {
    if (name) this.name.value = name;
    this.said.hidden = true;
    this.dialog.showModal();
    this.name.focus();
    this.#draw();
    await this.models.refresh();
  }

  /** @param {Event} event */
  #pull(event) {
    event.preventDefault();
    const name = this.name.value.trim().replace(/^ollama (pull|run) /, '');
    if (!name) return;
    this.name.value = '';
    this.pulls.start(name);
  }

  #draw() {
    const { all, failure, known } = this.models;
    this.rows.show(all);
    this.none.hidden = !known || Boolean(failure) || all.length > 0;
    tell(this.unread, failure && failureOf(failure));
  }

  /** @param {string} name */
  #row(name) {
    return new ManagedRow(name, {
      details: () => this.models.details(name),
      copy: (to) =>
        this.#change('/api/copy', { method: 'POST', body: { source: name, destination: to } }),
      isLoaded: () => this.models.isLoaded(name),
      unload: () =>
        this.#change('/api/generate', { method: 'POST', body: { model: name, keep_alive: 0 } }),
      remove: () => this.#change('/api/delete', { method: 'DELETE', body: { model: name } }),
    });
  }

  /** Gives whether it was done; says why, where it was not.
      @param {string} path
      @param {{ method: string, body?: unknown }} request */
  async #change(path, request) {
    let refused = null;
    await requestEmpty(path, request).catch((failure) => {
      refused = failureOf(failure);
    });
    tell(this.said, refused);
    if (refused) return false;
    await this.models.refresh();
    if (!this.dialog.contains(document.activeElement)) this.name.focus();
    return true;
  }
}
