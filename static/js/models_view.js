// The models on the server, for those who may manage them: fetch, copy, delete, look at.

import { button, byId, el } from './dom.js';
import { failureOf } from './failure.js';
import { requestEmpty, requestJson } from './http.js';
import { number, say, t } from './i18n.js';
import { size } from './model_picker.js';
import { Pulls } from './pulls.js';

// A blob that cannot exist. Asking for it tells whether the token may manage, and changes nothing.
const NO_BLOB = `/api/blobs/sha256:${'0'.repeat(64)}`;

export class ModelsView {
  constructor(models, line) {
    this.models = models;
    this.pulls = new Pulls(line, () => models.refresh());
    this.name = el('input', { class: 'field', type: 'text', label: 'manage.name', placeholder: 'manage.name', spellcheck: 'false', autocapitalize: 'none' });
    this.said = el('p', { class: 'said', role: 'alert', hidden: true });
    this.pullList = el('ul', { class: 'pulls' });
    this.rows = el('ul', { class: 'managed' });
    this.dialog = byId('models-view');
    this.dialog.append(
      el('header', {}, el('h2', { id: 'models-title', t: 'manage.title' }),
        button({ class: 'quiet icon-button', icon: 'close', label: 'close', on: { click: () => this.dialog.close() } })),
      el('div', { class: 'drawer-body' },
        el('form', { class: 'pull-form', on: { submit: (event) => this.#pull(event) } }, this.name,
          el('button', { class: 'button main', type: 'submit', t: 'manage.pull' })),
        this.said, this.pullList, this.rows));
    this.dialog.addEventListener('click', ({ target }) => { if (target === this.dialog) this.dialog.close(); });
    this.pulls.addEventListener('change', () => this.#drawPulls());
    models.addEventListener('change', () => { if (this.dialog.open) this.#draw(); });
  }

  /** Whether this reader's token may manage models here. */
  static async mayManage() {
    const status = await requestEmpty(NO_BLOB, { method: 'HEAD' }).catch((failure) => failure.status);
    return status === 200 || status === 404;
  }

  async open() {
    this.said.hidden = true;
    this.dialog.showModal();
    this.name.focus();
    await this.#refresh();
  }

  async #refresh() {
    await this.models.refresh();
    await this.#draw();
  }

  #pull(event) {
    event.preventDefault();
    const name = this.name.value.trim().replace(/^ollama (pull|run) /, '');
    if (!name) return;
    this.name.value = '';
    this.pulls.start(name);
  }

  #drawPulls() {
    this.pullList.replaceChildren(...this.pulls.list.map((pull) => {
      const { name, status, completed, total, failure } = pull;
      const words = failure
        ? el('span', { class: 'said' }, el('span', { t: failure.what, params: failure.params }), ' ', failure.said)
        : el('span', { class: 'faint', text: total ? `${status} · ${size(completed)} / ${size(total)}` : status });
      const again = failure ? button({ class: 'button', t: 'action.retry', on: { click: () => this.pulls.start(name) } }) : null;
      const stop = failure ? null : button({ class: 'quiet icon-button', icon: 'close', label: 'manage.stop', on: { click: pull.stop } });
      return el('li', {}, el('b', { text: name }), again, stop,
        failure ? null : el('progress', total ? { max: total, value: completed, label: 'manage.progress' } : { label: 'manage.progress' }), words);
    }));
  }

  async #draw() {
    const { models } = await requestJson('/api/tags').catch(() => ({ models: [] }));
    const rows = models.map((model) => this.#row(model));
    this.rows.replaceChildren(...rows);
    if (rows.length === 0) this.rows.append(el('li', { class: 'faint', t: 'manage.none' }));
  }

  #row({ name, size: bytes, details = {} }) {
    const facts = [details.parameter_size, details.quantization_level, size(bytes)].filter(Boolean).join(' · ');
    const place = el('div', { class: 'managed-place' });
    const tool = (icon, label, run) => button({ class: 'quiet icon-button', icon, label, on: { click: run } });
    return el('li', { data: { model: name } },
      el('div', { class: 'managed-head' }, el('span', {}, el('b', { text: name }), el('small', { class: 'faint', text: facts })),
        tool('info', 'manage.show', () => this.#show(name, place)),
        tool('copy', 'manage.copy', () => this.#askCopy(name, place)),
        tool('trash', 'manage.delete', () => this.#askDelete(name, place))),
      place);
  }

  async #show(name, place) {
    if (place.firstChild?.matches?.('.model-facts')) {
      place.replaceChildren();
      return;
    }
    const details = await this.models.details(name);
    if (!details) return;
    const architecture = details.model_info?.['general.architecture'];
    const context = details.model_info?.[`${architecture}.context_length`];
    const rows = [
      ['manage.can', details.capabilities?.map((one) => t(`capability.${one}`)).join(', ')],
      ['manage.context', context && number(context)],
      ['manage.parameters', details.parameters],
      ['manage.system', details.system],
      ['manage.license', details.license?.split('\n').find((line) => line.trim())],
    ];
    place.replaceChildren(el('dl', { class: 'facts model-facts' }, ...rows.filter(([, value]) => value)
      .flatMap(([key, value]) => [el('dt', { t: key }), el('dd', { text: value })])));
  }

  #askCopy(name, place) {
    const field = el('input', { class: 'field', type: 'text', label: 'manage.copyName', placeholder: 'manage.copyName', spellcheck: 'false' });
    const copy = () => field.value.trim() && this.#change('/api/copy', { method: 'POST', body: { source: name, destination: field.value.trim() } });
    field.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) copy(); });
    place.replaceChildren(el('div', { class: 'ends' }, field, button({ class: 'button', t: 'manage.copy', on: { click: copy } })));
    field.focus();
  }

  #askDelete(name, place) {
    const keep = button({ class: 'button', t: 'cancel', on: { click: () => place.replaceChildren() } });
    place.replaceChildren(el('p', { t: 'manage.deleteAsk', params: { name } }), el('div', { class: 'ends' },
      button({ class: 'button bad', t: 'manage.delete', on: { click: () => this.#change('/api/delete', { method: 'DELETE', body: { model: name } }) } }),
      keep));
    keep.focus();
  }

  async #change(path, request) {
    try {
      await requestEmpty(path, request);
      this.said.hidden = true;
    } catch (refused) {
      const failure = failureOf(refused);
      say(this.said, failure.what, failure.params);
      if (failure.said) this.said.append(` ${failure.said}`);
      this.said.hidden = false;
    }
    await this.#refresh();
  }
}
