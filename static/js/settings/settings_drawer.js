// The drawer with the settings. An empty field means the default, which it names.

import { button, byId, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { Presets } from './presets.js';
import { OPTIONS, THINK, format, tools } from './settings.js';

/** @import { Params } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Settings } from './settings.js' */

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

const DURATION = /^(-?\d+(\.\d+)?|(\d+(\.\d+)?(ms|s|m|h))+|-\d+(s|m|h))$/;

export class SettingsDrawer {
  /** @type {Map<string, { control: Control, back: HTMLElement, said: HTMLElement }>} */
  #rows = new Map();

  /** @param {Settings} settings
      @param {Models} models */
  constructor(settings, models) {
    this.settings = settings;
    this.models = models;
    this.presets = new Presets(settings);
    this.back = el(
      'footer',
      { class: 'drawer-foot', hidden: true },
      el('span', { t: 'settings.undo' }),
      button({ class: 'button', t: 'undo', on: { click: () => this.#all(() => settings.undo()) } }),
    );
    this.drawer = byId('settings');
    /** @param {string} name
        @param {Control} control
        @param {boolean} [why] */
    const field = (name, control, why) => this.#row(name, control, why);
    this.drawer.append(
      el(
        'header',
        {},
        el('h2', { id: 'settings-title', t: 'settings.title' }),
        button({
          class: 'quiet icon-button',
          icon: 'close',
          label: 'close',
          on: { click: () => this.drawer.close() },
        }),
      ),
      el(
        'div',
        { class: 'drawer-body' },
        el('p', { class: 'faint', t: 'settings.why' }),
        field('system', el('textarea', { class: 'field', rows: '4' })),
        this.presets.node,
        field('think', select(THINK, 'settings.think')),
        ...OPTIONS.map(({ name, kind, min, max }) =>
          field(
            name,
            kind === 'lines'
              ? el('textarea', { class: 'field', rows: '2' })
              : el('input', {
                  class: 'field',
                  type: 'number',
                  step: kind === 'whole' ? '1' : 'any',
                  min,
                  max,
                  inputmode: kind === 'whole' ? 'numeric' : 'decimal',
                }),
            true,
          ),
        ),
        field(
          'keep_alive',
          el('input', { class: 'field', type: 'text', spellcheck: 'false' }),
          true,
        ),
        field(
          'format',
          el('textarea', { class: 'field code-field', rows: '4', spellcheck: 'false' }),
          true,
        ),
        field(
          'tools',
          el('textarea', { class: 'field code-field', rows: '4', spellcheck: 'false' }),
          true,
        ),
        button({
          class: 'button',
          t: 'settings.reset',
          on: { click: () => this.#all(() => settings.reset()) },
        }),
      ),
      this.back,
    );
    this.drawer.addEventListener('click', ({ target }) => {
      if (target === this.drawer) this.drawer.close();
    });
    settings.addEventListener('change', () => this.#fill());
  }

  open() {
    this.settings.forgetUndo();
    this.#fill(true);
    this.#showDefaults();
    this.drawer.showModal();
  }

  /** @param {string} name */
  #back(name) {
    this.#rows.get(name)?.control.removeAttribute('aria-invalid');
    this.settings.set(name, null);
    this.#fill();
  }

  /** Changes several fields, whatever is in them.
      @param {() => void} change */
  #all(change) {
    change();
    this.#fill(true);
  }

  /** @param {string} name
      @param {Control} control
      @param {boolean} [why] */
  #row(name, control, why = false) {
    const id = `setting-${name}`;
    control.id = id;
    const said = el('p', {
      class: 'said',
      id: `${id}-said`,
      role: 'alert',
      t: `settings.bad.${name in CHECKS ? name : rule(control)}`,
      params: limits(control),
      hidden: true,
    });
    const back = button({
      class: 'quiet back',
      t: 'settings.default',
      on: { click: () => this.#back(name) },
    });
    control.setAttribute('aria-describedby', said.id);
    control.addEventListener('change', () => {
      const value = control.value.trim();
      const good = control.validity.valid && (CHECKS[name]?.(value) ?? true);
      said.hidden = good;
      control.setAttribute('aria-invalid', String(!good));
      if (good) this.settings.set(name, value);
    });
    this.#rows.set(name, { control, back, said });
    const label = el('label', { for: id, t: `settings.${name}` });
    return el(
      'div',
      { class: 'setting' },
      el('div', { class: 'setting-head' }, label, back),
      control,
      said,
      why ? el('small', { class: 'faint', t: `settings.${name}.why` }) : null,
    );
  }

  /** What is refused stays to be mended, and what is being written is left alone, but for `all`.
      @param {boolean} [all] */
  #fill(all = false) {
    for (const [name, { control, back, said }] of this.#rows) {
      back.hidden = !this.settings.get(name);
      if (
        !all &&
        (control === document.activeElement || control.getAttribute('aria-invalid') === 'true')
      )
        continue;
      control.value = this.settings.get(name);
      control.removeAttribute('aria-invalid');
      said.hidden = true;
    }
    this.presets.offer();
    this.back.hidden = !this.settings.canUndo;
  }

  /** Names what an empty field stands for: the model's own parameter, else Ollama's. */
  async #showDefaults() {
    const { current } = this.models;
    const details = current ? await this.models.details(current) : null;
    for (const { name, usual } of OPTIONS) {
      const own = new RegExp(`^${name}\\s+(.+)$`, 'm').exec(details?.parameters ?? '')?.[1];
      const value = own ?? usual;
      this.#hint(name, value ? 'settings.usual' : 'settings.auto', value ? { value } : undefined);
    }
    for (const name of ['system', 'keep_alive', 'format', 'tools'])
      this.#hint(name, 'settings.auto');
  }

  /** Says in an empty field what it stands for.
      @param {string} name
      @param {string} key
      @param {Params} [params] */
  #hint(name, key, params) {
    const control = this.#rows.get(name)?.control;
    if (control) bindText(control, key, params, 'tPlaceholder');
  }
}

/** @type {Record<string, (value: string) => boolean>} */
const CHECKS = {
  keep_alive: (value) => value === '' || DURATION.test(value),
  format: (value) => value === '' || reads(format, value),
  tools: (value) => value === '' || reads(tools, value),
};

/** The least and the greatest number that a field takes, as its attributes have them.
    @param {Control} control */
const limits = (control) => ({
  min: control.getAttribute('min'),
  max: control.getAttribute('max'),
});

/** Which numbers a field takes.
    @param {Control} control */
function rule(control) {
  const { min, max } = limits(control);
  if (max) return 'between';
  return min ? 'from' : 'whole';
}

/** @param {(text: string) => unknown} read
    @param {string} value */
function reads(read, value) {
  try {
    read(value);
    return true;
  } catch {
    return false;
  }
}

/** @param {string[]} values
    @param {string} key */
function select(values, key) {
  return el(
    'select',
    { class: 'field' },
    ...values.map((value) => el('option', { value, t: `${key}.${value || 'auto'}` })),
  );
}
