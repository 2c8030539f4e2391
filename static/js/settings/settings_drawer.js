// The drawer with the settings, those of all chats and those of the chat that is shown. An empty field
// means the default, which it names.

import { choices } from '../ui/choices.js';
import { button, byId, el } from '../ui/dom.js';
import { drawerHead } from '../ui/drawer.js';
import { bindText } from '../ui/i18n.js';
import { canRecognize } from '../ui/speech_recognition.js';
import { codeField, limits, lines, optionField, rule, select } from './fields.js';
import { OPTIONS, OVERFLOW, THINK, YES, isGood } from './options.js';
import { installRow } from './install_row.js';
import { Presets } from './presets.js';

/** @import { Params, SettingsScope } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Control } from './fields.js'
    @import { ChatSettings } from './chat_settings.js'
    @import { Settings } from './settings.js' */

// Fields whose mistakes have words of their own.
const WORDED = ['keep_alive', 'format', 'tools'];

export class SettingsDrawer {
  /** @type {Map<string, { control: Control, back: HTMLElement, said: HTMLElement }>} */
  #rows = new Map();

  /** `settings`: of all chats; `own`: of the chat that is shown.
      @param {Settings} settings
      @param {ChatSettings} own
      @param {Models} models */
  constructor(settings, own, models) {
    this.settings = settings;
    this.own = own;
    this.models = models;
    /** @type {SettingsScope} */
    this.scope = settings;
    this.presets = new Presets({
      get: (name) => this.scope.get(name),
      set: (name, value) => this.scope.set(name, value),
    });
    this.why = el('p', { class: 'faint' });
    this.all = button({
      class: 'button',
      on: { click: () => this.#all(() => this.scope.reset()) },
    });
    this.back = el(
      'footer',
      { class: 'drawer-foot', hidden: true },
      el('span', { t: 'settings.undo' }),
      button({
        class: 'button',
        t: 'undo',
        on: { click: () => this.#all(() => this.scope.undo()) },
      }),
    );
    this.drawer = byId('settings');
    const usual = OPTIONS.filter((option) => !option.rare);
    const rare = OPTIONS.filter((option) => option.rare);
    this.scopes = choices({
      title: 'settings.scope',
      name: 'scope',
      values: ['all', 'chat'].map((value) => ({ value, t: `settings.scope.${value}` })),
      chosen: 'all',
      choose: (value) => this.#turn(value),
    });
    // What is not of a chat.
    this.titles = this.#row('titles', select(['', 'true'], 'settings.titles'), true);
    this.dictate = this.#row('dictate', select(['', 'true'], 'settings.dictate'), true);
    this.drawer.append(
      drawerHead(this.drawer, el('h2', { id: 'settings-title', t: 'settings.title' })),
      el(
        'div',
        { class: 'drawer-body' },
        this.scopes,
        this.why,
        this.#row('system', lines('4')),
        this.presets.node,
        this.#row('think', select(THINK, 'settings.think')),
        ...usual.map((option) => this.#row(option.name, optionField(option), true)),
        this.#row(
          'keep_alive',
          el('input', { class: 'field', type: 'text', spellcheck: 'false' }),
          true,
        ),
        this.#row('format', codeField(), true),
        this.#row('tools', codeField(), true),
        el(
          'details',
          { class: 'more-settings' },
          el('summary', { t: 'settings.more' }),
          ...OVERFLOW.map((name) => this.#row(name, select(YES, 'settings.yes'), true)),
          ...rare.map((option) => this.#row(option.name, optionField(option), true)),
        ),
        this.titles,
        this.dictate,
        installRow(),
        this.all,
      ),
      this.back,
    );
    this.drawer.addEventListener('click', ({ target }) => {
      if (target === this.drawer) this.drawer.close();
    });
    for (const scope of [settings, own]) scope.addEventListener('change', () => this.#fill());
  }

  /** Opens it at the settings of the chat where it has some, or where `chat` asks for them.
      @param {{ chat?: boolean }} [how] */
  open({ chat = this.own.changed } = {}) {
    this.settings.forgetUndo();
    this.own.forgetUndo();
    const value = chat ? 'chat' : 'all';
    const radio = this.scopes.querySelector(`input[value="${value}"]`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
    this.#turn(value);
    this.#showDefaults();
    this.drawer.showModal();
  }

  /** Shows the settings of all chats, or those of the one that is shown.
      @param {string} scope */
  #turn(scope) {
    const isChat = scope === 'chat';
    this.scope = isChat ? this.own : this.settings;
    this.titles.hidden = isChat;
    this.dictate.hidden = isChat || !canRecognize();
    bindText(this.why, isChat ? 'settings.why.chat' : 'settings.why');
    bindText(this.all, isChat ? 'settings.reset.chat' : 'settings.reset');
    for (const { back } of this.#rows.values())
      bindText(back, isChat ? 'settings.asInAll' : 'settings.default');
    this.#fill(true);
  }

  /** @param {string} name */
  #back(name) {
    this.#rows.get(name)?.control.removeAttribute('aria-invalid');
    this.scope.set(name, null);
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
      t: `settings.bad.${WORDED.includes(name) ? name : rule(control)}`,
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
      const good = control.validity.valid && isGood(name, value);
      said.hidden = good;
      control.setAttribute('aria-invalid', String(!good));
      if (good) this.scope.set(name, value);
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
      back.hidden = !this.scope.isOwn(name);
      if (
        !all &&
        (control === document.activeElement || control.getAttribute('aria-invalid') === 'true')
      )
        continue;
      control.value = this.scope.get(name);
      control.removeAttribute('aria-invalid');
      said.hidden = true;
    }
    this.presets.offer();
    this.back.hidden = !this.scope.canUndo;
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
