// The button that names the model, and the list behind it: searched by typing, moved through with
// the arrow keys (WAI-ARIA combobox with a listbox).

import { button, byId, el } from '../ui/dom.js';
import { language, bindText } from '../ui/i18n.js';
import { KeyedRows } from '../ui/keyed_rows.js';
import { placeBeside } from '../ui/placing.js';
import { isTouch } from '../ui/pointer.js';
import { size } from '../ui/sizes.js';

/** @import { Model, Row } from '../types.js'
    @import { Models } from './models.js' */

const BADGES = ['vision', 'tools', 'thinking'];

export class ModelPicker {
  #models;
  /** @type {{ at: HTMLElement, choose: ((name: string) => void) | null } | null} */
  #asked = null;
  #active = '';
  /** @type {Model[]} */
  #shown = [];
  /** Hears the name of a second model that is to answer too; null where that is not offered.
      @type {((name: string) => void) | null} */
  compare = null;

  /** @param {Models} models */
  constructor(models) {
    this.#models = models;
    this.panel = byId('model-panel');
    this.search = el('input', {
      class: 'field',
      type: 'text',
      role: 'combobox',
      label: 'model.search',
      placeholder: 'model.search',
      'aria-expanded': 'true',
      'aria-controls': 'model-options',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
      enterkeyhint: 'done',
      on: { input: () => this.#narrow() },
    });
    this.options = el('ul', {
      class: 'options',
      id: 'model-options',
      role: 'listbox',
      label: 'model.list',
      tabindex: '-1',
    });
    this.made = 0;
    this.rows = new KeyedRows(this.options, {
      key: ({ name }) => name,
      make: (model) => this.#option(model),
    });
    this.empty = el('p', { class: 'panel-empty faint', t: 'model.none', hidden: true });
    this.panel.addEventListener('keydown', (event) => this.#move(event));
    this.more = button({
      class: 'menu-row',
      t: 'model.compareWith',
      on: { click: () => this.#askSecond() },
    });
    this.foot = el('div', { class: 'panel-foot' }, this.more);
    const search = el('div', { class: 'panel-search' }, this.search);
    this.panel.append(search, this.options, this.empty, this.foot);
    // Before it opens, so that a quick reader's keys already find the list.
    this.panel.addEventListener('beforetoggle', ({ newState }) =>
      this.#toggle(newState === 'open'),
    );
    this.panel.addEventListener('toggle', ({ newState }) => {
      if (newState !== 'closed') return;
      this.#asked = null;
      bindText(this.search, 'model.search', {}, 'tPlaceholder');
    });
    models.addEventListener('change', () => this.#draw());
    document.addEventListener('languagechange', () => this.#draw());
  }

  /** Without `choose` the choice holds from now on; with it, `choose(name)` is all that happens.
      `at`: the button it belongs to. `words`: the key of what is searched for.
      @param {HTMLElement} [at]
      @param {((name: string) => void) | null} [choose]
      @param {string} [words] */
  open(at = byId('model-button'), choose = null, words = 'model.search') {
    this.#asked = { at, choose };
    this.panel.showPopover();
    bindText(this.search, words, {}, 'tPlaceholder');
    if (choose) placeBeside(this.panel, at);
  }

  /** The list is open, and asks for a second model now. */
  #askSecond() {
    this.#asked = { at: byId('model-button'), choose: this.compare };
    bindText(this.search, 'model.compareWith', {}, 'tPlaceholder');
    this.search.value = '';
    this.#narrow();
    (isTouch() ? this.options : this.search).focus();
  }

  /** @param {boolean} open */
  #toggle(open) {
    byId('model-button').setAttribute('aria-expanded', String(open));
    if (!open) return;
    this.search.autofocus = !isTouch();
    this.options.autofocus = isTouch();
    const { left } = byId('model-button').getBoundingClientRect();
    this.panel.style.removeProperty('top');
    if (innerWidth > 480) this.panel.style.left = `${left}px`;
    else this.panel.style.removeProperty('left');
    this.search.value = '';
    this.#models.refresh(); // one may have been pulled elsewhere
    this.#narrow();
  }

  #draw() {
    const { current } = this.#models;
    const model = this.#models.find(current);
    const name = byId('model-name');
    if (current) {
      delete name.dataset.t;
      name.textContent = current;
    } else {
      bindText(name, 'model.no');
    }
    byId('model-size').textContent = model?.details?.parameter_size ?? '';
    if (this.panel.matches(':popover-open')) this.#list();
  }

  #narrow() {
    this.#active = '';
    this.#list();
    this.options.scrollTop = 0;
  }

  #list() {
    const wanted = this.search.value.trim().toLowerCase();
    const recent = this.#models.recent();
    /** @param {Model} model */
    const rank = ({ name }) => recent.indexOf(name) + 1 || recent.length + 1;
    this.#shown = this.#models.list
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((one, other) => rank(one) - rank(other));
    if (!this.#shown.some(({ name }) => name === this.#active)) {
      const other = this.#shown.find(({ name }) => name !== this.#models.current);
      const first = (this.#asked?.choose && other) || this.#shown[0];
      this.#active = first?.name ?? '';
    }
    this.rows.show(this.#shown);
    this.foot.hidden = !this.compare || this.#asked?.choose != null || this.#models.list.length < 2;
    this.empty.hidden = this.#shown.length > 0;
    this.#mark();
  }

  /** @param {Model} model
      @returns {Row<Model>} */
  #option({ name }) {
    this.made += 1;
    const row = new ModelOption(name, `model-option-${this.made}`);
    row.node.addEventListener('click', () => this.#choose(name));
    row.node.addEventListener('pointermove', () => this.#activate(name));
    return { node: row.node, update: (model) => row.update(model, this.#models) };
  }

  /** @param {string} name */
  #activate(name) {
    if (name === this.#active) return;
    this.#active = name;
    this.#mark();
  }

  /** Gives the option that the keys are at. */
  #mark() {
    const nodes = [...this.options.children];
    const at = this.#shown.findIndex(({ name }) => name === this.#active);
    for (const [index, node] of nodes.entries()) node.toggleAttribute('data-active', index === at);
    if (at >= 0) this.search.setAttribute('aria-activedescendant', nodes[at].id);
    else this.search.removeAttribute('aria-activedescendant');
    return nodes[at];
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    if (event.isComposing || event.target === this.more) return;
    const count = this.#shown.length;
    if (event.key === 'Enter') {
      event.preventDefault();
      if (count > 0) this.#choose(this.#active);
    } else if (count > 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      const at = this.#shown.findIndex(({ name }) => name === this.#active);
      this.#active = this.#shown[(at + (event.key === 'ArrowDown' ? 1 : count - 1)) % count].name;
      // Only the keys move the list: otherwise it stays where the reader scrolled it.
      this.#mark()?.scrollIntoView({ block: 'nearest' });
    }
  }

  /** @param {string} name */
  #choose(name) {
    const choose = this.#asked?.choose ?? ((chosen) => this.#models.choose(chosen));
    this.panel.hidePopover();
    choose(name);
    byId(isTouch() ? 'model-button' : 'message').focus();
  }
}

/** A model in the list; its words are written again only where they changed. */
class ModelOption {
  #drawn = '';

  /** @param {string} name
      @param {string} id */
  constructor(name, id) {
    this.side = el('span', { class: 'option-side faint' });
    this.facts = el('span', { class: 'option-facts faint' });
    this.node = el(
      'li',
      { class: 'option', role: 'option', id },
      el('span', { class: 'option-name', text: name }),
      this.side,
      this.facts,
    );
  }

  /** @param {Model} model
      @param {Models} models */
  update({ name, size: bytes, details, capabilities }, models) {
    const { parameter_size: parameters, quantization_level: quantization } = details ?? {};
    const badges = BADGES.filter((badge) => capabilities.includes(badge));
    const loaded = models.isLoaded(name);
    this.node.setAttribute('aria-selected', String(name === models.current));
    const drawn = JSON.stringify([bytes, parameters, quantization, badges, loaded, language()]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.facts.textContent = [parameters, quantization].filter(Boolean).join(' · ');
    for (const badge of badges) {
      if (this.facts.textContent) this.facts.append(' · ');
      this.facts.append(el('span', { t: `capability.${badge}` }));
    }
    this.side.classList.toggle('in-memory', loaded);
    if (loaded) bindText(this.side, 'model.loaded');
    else {
      delete this.side.dataset.t;
      this.side.textContent = size(bytes);
    }
  }
}
