// One model on the server, in the list of those who may manage them: what it is, and in a place
// below it its details, the question before it is deleted, or the name for a copy.

import { button, el } from '../ui/dom.js';
import { capabilityWords } from './capabilities.js';
import { number } from '../ui/i18n.js';
import { size } from '../ui/sizes.js';

/** @import { Child, Model, ModelDetails } from '../types.js' */

/** @typedef {object} Actions
    @property {() => Promise<ModelDetails | null>} details tells more of it
    @property {(to: string) => Promise<boolean>} copy gives whether it was done
    @property {() => Promise<boolean>} remove gives whether it was done
    @property {() => boolean} isLoaded whether it is in memory
    @property {() => Promise<boolean>} unload takes it out of memory */

export class ManagedRow {
  /** @param {string} name
      @param {Actions} actions */
  constructor(name, actions) {
    this.name = name;
    this.actions = actions;
    this.facts = el('small', { class: 'faint' });
    this.place = el('div', { class: 'managed-place' });
    this.tools = {
      unload: this.#tool('unload', 'manage.unload', () => this.#unload()),
      show: this.#tool('info', 'manage.show', () => this.#show()),
      copy: this.#tool('copy', 'manage.copy', () => this.#askCopy()),
      remove: this.#tool('trash', 'manage.delete', () => this.#askDelete()),
    };
    this.node = el(
      'li',
      { data: { model: name } },
      el(
        'div',
        { class: 'managed-head' },
        el('span', {}, el('b', { text: name }), this.facts),
        ...Object.values(this.tools),
      ),
      this.place,
    );
  }

  /** @param {Model} model */
  update({ size: bytes, details = {} }) {
    this.facts.textContent = [details.parameter_size, details.quantization_level, size(bytes)]
      .filter(Boolean)
      .join(' · ');
    const isLoaded = this.actions.isLoaded();
    if (isLoaded) this.facts.append(' · ', el('span', { t: 'model.loaded' }));
    this.tools.unload.hidden = !isLoaded;
  }

  /** @param {string} icon
      @param {string} label
      @param {() => unknown} run */
  #tool(icon, label, run) {
    return button({ class: 'quiet icon-button', icon, label, on: { click: run } });
  }

  async #unload() {
    if (await this.actions.unload()) this.tools.show.focus();
  }

  async #show() {
    if (this.place.firstElementChild?.matches('.model-facts')) {
      this.place.replaceChildren();
      return;
    }
    const details = await this.actions.details();
    if (!details) return;
    const architecture = details.model_info?.['general.architecture'];
    const context = Number(details.model_info?.[`${architecture}.context_length`] ?? 0);
    /** @type {[string, Child | Child[]][]} */
    const rows = [
      [
        'manage.can',
        details.capabilities?.flatMap((one, index) => [
          index > 0 ? ', ' : '',
          capabilityWords(one),
        ]),
      ],
      ['manage.context', context > 0 ? number(context) : null],
      ['manage.parameters', details.parameters],
      ['manage.system', details.system],
      ['manage.license', details.license?.split('\n').find((line) => line.trim())],
    ];
    this.place.replaceChildren(
      el(
        'dl',
        { class: 'facts model-facts' },
        ...rows
          .filter(([, value]) => value)
          .flatMap(([key, value]) => [el('dt', { t: key }), el('dd', {}, ...[value].flat())]),
      ),
    );
  }

  #askCopy() {
    const field = el('input', {
      class: 'field',
      type: 'text',
      label: 'manage.copyName',
      placeholder: 'manage.copyName',
      spellcheck: 'false',
    });
    const copy = async () => {
      const to = field.value.trim();
      if (to && (await this.actions.copy(to))) this.#close('copy');
    };
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.isComposing) copy();
    });
    this.place.replaceChildren(
      el(
        'div',
        { class: 'ends' },
        field,
        button({ class: 'button', t: 'manage.copy', on: { click: copy } }),
      ),
    );
    field.focus();
  }

  #askDelete() {
    const remove = async () => {
      if (await this.actions.remove()) this.#close('remove');
    };
    const keep = button({
      class: 'button',
      t: 'cancel',
      on: { click: () => this.#close('remove') },
    });
    this.place.replaceChildren(
      el('p', { t: 'manage.deleteAsk', params: { name: this.name } }),
      el(
        'div',
        { class: 'ends' },
        button({ class: 'button bad', t: 'manage.delete', on: { click: remove } }),
        keep,
      ),
    );
    keep.focus();
  }

  /** The focus goes back to the button that opened the place.
      @param {'copy' | 'remove'} tool */
  #close(tool) {
    this.place.replaceChildren();
    if (this.node.isConnected) this.tools[tool].focus();
  }
}
