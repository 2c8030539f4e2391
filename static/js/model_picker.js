// The button that names the model, and the list behind it: searched by typing, moved through with
// the arrow keys (WAI-ARIA combobox with a listbox).

import { byId, el } from './dom.js';
import { number, say } from './i18n.js';
import { placeBeside } from './placing.js';

const BADGES = ['vision', 'tools', 'thinking'];

export class ModelPicker {
  #models;
  #asked = null;
  #active = 0;
  #shown = [];

  constructor(models) {
    this.#models = models;
    this.#build();
    models.addEventListener('change', () => this.#draw());
    document.addEventListener('languagechange', () => this.#draw());
  }

  /** Without `choose` the choice holds from now on; with it, `choose(name)` is all that happens.
      `at`: the button it belongs to. */
  open(at = byId('model-button'), choose = null) {
    this.#asked = { at, choose };
    this.panel.showPopover();
    if (choose) placeBeside(this.panel, at);
  }

  #build() {
    this.panel = byId('model-panel');
    this.search = el('input', {
      class: 'field', type: 'text', role: 'combobox', label: 'model.search', placeholder: 'model.search',
      'aria-expanded': 'true', 'aria-controls': 'model-options', 'aria-autocomplete': 'list',
      autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'done', autofocus: true,
      on: { input: () => this.#narrow(), keydown: (event) => this.#move(event) },
    });
    this.options = el('ul', { class: 'options', id: 'model-options', role: 'listbox', label: 'model.list' });
    this.empty = el('p', { class: 'panel-empty faint', t: 'model.none', hidden: true });
    this.panel.append(el('div', { class: 'panel-search' }, this.search), this.options, this.empty);
    // Before it opens, so that a quick reader's keys already find the list.
    this.panel.addEventListener('beforetoggle', ({ newState }) => this.#toggle(newState === 'open'));
    this.panel.addEventListener('toggle', ({ newState }) => { if (newState === 'closed') this.#asked = null; });
  }

  #toggle(open) {
    byId('model-button').setAttribute('aria-expanded', String(open));
    if (!open) return;
    const { left } = byId('model-button').getBoundingClientRect();
    this.panel.style.removeProperty('top');
    if (innerWidth > 480) this.panel.style.left = `${left}px`;
    else this.panel.style.removeProperty('left');
    this.search.value = '';
    this.#models.lookAtMemory();
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
      say(name, 'model.no');
    }
    byId('model-size').textContent = model?.details?.parameter_size ?? '';
    if (this.panel.matches(':popover-open')) this.#list();
  }

  #narrow() {
    this.#active = 0;
    this.#list();
  }

  #list() {
    const wanted = this.search.value.trim().toLowerCase();
    const recent = this.#models.recent();
    const rank = ({ name }) => (recent.indexOf(name) + 1 || recent.length + 1);
    this.#shown = this.#models.list
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((one, other) => rank(one) - rank(other));
    this.options.replaceChildren(...this.#shown.map((model, index) => this.#option(model, index)));
    this.empty.hidden = this.#shown.length > 0;
    this.#mark();
  }

  #option(model, index) {
    const { parameter_size: parameters, quantization_level: quantization } = model.details ?? {};
    const loaded = this.#models.isLoaded(model.name);
    const facts = el('span', { class: 'option-facts faint' });
    facts.append([parameters, quantization].filter(Boolean).join(' · '));
    for (const badge of BADGES.filter((name) => model.capabilities.includes(name))) {
      if (facts.textContent) facts.append(' · ');
      facts.append(el('span', { t: `capability.${badge}` }));
    }
    return el('li', {
      class: 'option', role: 'option', id: `model-option-${index}`,
      'aria-selected': String(model.name === this.#models.current),
      on: { click: () => this.#choose(model), pointermove: () => this.#activate(index) },
    },
    el('span', { class: 'option-name', text: model.name }),
    loaded ? el('span', { class: 'option-side faint in-memory', t: 'model.loaded' })
      : el('span', { class: 'option-side faint', text: size(model.size) }),
    facts);
  }

  #activate(index) {
    if (index === this.#active) return;
    this.#active = index;
    this.#mark();
  }

  #mark() {
    const nodes = [...this.options.children];
    for (const [index, node] of nodes.entries()) node.toggleAttribute('data-active', index === this.#active);
    const active = nodes[this.#active];
    active?.scrollIntoView({ block: 'nearest' });
    if (active) this.search.setAttribute('aria-activedescendant', active.id);
    else this.search.removeAttribute('aria-activedescendant');
  }

  #move(event) {
    if (event.isComposing) return;
    const count = this.#shown.length;
    if (event.key === 'Enter') {
      event.preventDefault();
      if (count > 0) this.#choose(this.#shown[this.#active]);
    } else if (count > 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      this.#active = (this.#active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count;
      this.#mark();
    }
  }

  #choose(model) {
    const choose = this.#asked?.choose ?? ((name) => this.#models.choose(name));
    this.panel.hidePopover();
    choose(model.name);
    byId('message').focus();
  }
}

/** Bytes as people say them. */
export function size(bytes) {
  if (!bytes) return '';
  const gigabytes = bytes / 1e9;
  return gigabytes >= 1 ? `${number(gigabytes, 1)} GB` : `${number(bytes / 1e6)} MB`;
}
