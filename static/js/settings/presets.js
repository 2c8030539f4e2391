// System prompts at hand: those the page brings, and those the reader saved on this device.

import { button, el } from '../ui/dom.js';
import { recallJson, remember } from '../ui/prefs.js';

/** @typedef {{ name: string, text: string }} Preset
    @typedef {{ get: (name: string) => string, set: (name: string, value: string) => void }} Fields */

const BROUGHT = ['concise', 'teacher', 'translator'];
const NAME_LENGTH = 60;

export class Presets {
  /** `settings`: whose system prompt they set. Nothing here is drawn anew when the prompt changes: it
      changes when the reader clicks away from it, and that click may be meant for one of these.
      @param {Fields} settings */
  constructor(settings) {
    this.settings = settings;
    this.saved = el('span', { class: 'saved-presets' });
    this.add = button(
      { class: 'quiet add', icon: 'plus', on: { click: () => this.#askName() } },
      el('span', { t: 'preset.save' }),
    );
    this.node = el(
      'div',
      { class: 'presets' },
      ...BROUGHT.map((name) => this.#brought(name)),
      this.saved,
      this.add,
    );
    this.#keep(own());
  }

  /** Offers to save the system prompt where it is new. */
  offer() {
    const text = this.settings.get('system');
    this.add.hidden = text === '' || own().some((one) => one.text === text);
  }

  /** @param {string} name */
  #brought(name) {
    const words = el('span', { class: 'unseen', t: `preset.${name}.text` });
    return button(
      { class: 'button', on: { click: () => this.settings.set('system', words.textContent) } },
      el('span', { t: `preset.${name}` }),
      words,
    );
  }

  /** @param {Preset} preset */
  #own({ name, text }) {
    return el(
      'span',
      { class: 'own-preset' },
      button({ class: 'button', on: { click: () => this.settings.set('system', text) } }, name),
      button({
        class: 'quiet icon-button',
        icon: 'close',
        label: 'preset.remove',
        params: { name },
        on: { click: () => this.#keep(own().filter((one) => one.name !== name)) },
      }),
    );
  }

  #askName() {
    const field = el('input', {
      class: 'field',
      type: 'text',
      maxlength: NAME_LENGTH,
      label: 'preset.name',
      placeholder: 'preset.name',
    });
    const press = button({
      class: 'button',
      t: 'preset.save',
      on: { click: () => end(field.value.trim()) },
    });
    /** @param {string} name */
    const end = (name) => {
      field.remove();
      press.remove();
      const text = this.settings.get('system');
      if (name) this.#keep([...own().filter((one) => one.name !== name), { name, text }]);
      else this.offer();
    };
    field.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') end(field.value.trim());
      if (event.key !== 'Escape') return;
      event.preventDefault(); // or it would close the drawer
      end('');
    });
    this.add.hidden = true;
    this.node.append(field, press);
    field.focus();
  }

  /** @param {Preset[]} presets */
  #keep(presets) {
    remember('presets', presets.length > 0 ? JSON.stringify(presets) : null);
    this.saved.replaceChildren(...presets.map((one) => this.#own(one)));
    this.offer();
  }
}

/** @returns {Preset[]} */
const own = () => recallJson('presets', () => []);
