// The reader's own prompts: a list above the message box while a message begins with `/` and part of a
// name (WAI-ARIA combobox with a listbox), and the dialog in which they are written. A prompt may have
// places, `{{topic}}`, which the reader fills before it is in the box, but for those that the page knows.

import { button, byId, el } from '../ui/dom.js';
import { language } from '../ui/i18n.js';
import { recallJson, remember } from '../ui/prefs.js';

/** @typedef {{ name: string, text: string }} Prompt */

const PLACE = /\{\{\s*([^{}]+?)\s*\}\}/g;
const NAME_LENGTH = 60;

/** What stands in the places of these names; the reader is asked for the others.
    @type {Record<string, () => string | Promise<string>>} */
const KNOWN = {
  today: () => new Date().toLocaleDateString(language(), { dateStyle: 'long' }),
  time: () => new Date().toLocaleTimeString(language(), { timeStyle: 'short' }),
  clipboard: () => navigator.clipboard.readText(),
};

export class Prompts {
  /** @type {Prompt[]} */
  #shown = [];
  #active = 0;

  /** `put(text)`: writes into the message box.
      @param {(text: string) => void} put */
  constructor(put) {
    this.put = put;
    this.box = byId('message');
    this.list = el('ul', {
      id: 'prompts',
      class: 'options prompts',
      role: 'listbox',
      label: 'prompts.title',
      hidden: true,
    });
    byId('composer').before(this.list);
    this.box.addEventListener('input', () => this.look());
    this.box.addEventListener('blur', () => this.#close());
    // Before the keys that send.
    this.box.addEventListener('keydown', (event) => this.#key(event), { capture: true });
  }

  /** Shows the prompts whose names hold what is written, or none. */
  look() {
    const { value } = this.box;
    const wanted = value.slice(1).toLowerCase();
    const isName = value.startsWith('/') && !value.includes('\n');
    this.#shown = isName ? own().filter(({ name }) => name.toLowerCase().includes(wanted)) : [];
    // An empty list says how to begin, but not to whom writes a path.
    if (value === '/' && own().length === 0) this.#shown = [];
    else if (this.#shown.length === 0) return this.#close();
    this.#active = 0;
    const first = el('li', { class: 'option' }, el('span', { class: 'faint', t: 'prompts.none' }));
    const rows = this.#shown.map((prompt, index) => this.#option(prompt, index));
    this.list.replaceChildren(...(rows.length > 0 ? rows : [first]));
    if (rows.length === 0) {
      first.setAttribute('role', 'option');
      first.addEventListener('pointerdown', () => this.manage());
    }
    this.list.hidden = false;
    this.box.setAttribute('aria-controls', this.list.id);
    return this.#mark();
  }

  /** Opens the dialog in which prompts are written and deleted. */
  manage() {
    this.#close();
    const name = el('input', {
      class: 'field',
      type: 'text',
      maxlength: NAME_LENGTH,
      label: 'prompts.name',
      placeholder: 'prompts.name',
    });
    const text = el('textarea', {
      class: 'field',
      rows: '4',
      label: 'prompts.text',
      placeholder: 'prompts.text',
    });
    const rows = el('ul', { class: 'prompt-rows' });
    const draw = () => rows.replaceChildren(...own().map((prompt) => row(prompt)));
    /** @param {Prompt} prompt */
    const row = (prompt) =>
      el(
        'li',
        {},
        el('b', { dir: 'auto', text: prompt.name }),
        tool('edit', 'prompts.edit', prompt.name, () => {
          name.value = prompt.name;
          text.value = prompt.text;
          text.focus();
        }),
        tool('trash', 'prompts.remove', prompt.name, () => {
          keep(own().filter((one) => one.name !== prompt.name));
          draw();
          name.focus();
        }),
      );
    const save = () => {
      const prompt = { name: name.value.trim(), text: text.value.trim() };
      if (!prompt.name || !prompt.text) return (prompt.name ? text : name).focus();
      keep([...own().filter((one) => one.name !== prompt.name), prompt]);
      name.value = text.value = '';
      draw();
      return name.focus();
    };
    draw();
    show(
      'prompts.title',
      [el('p', { t: 'prompts.why' }), rows, name, text],
      [button({ class: 'button main', t: 'prompts.save', on: { click: save } })],
    );
    name.focus();
  }

  #close() {
    this.list.hidden = true;
    this.box.removeAttribute('aria-activedescendant');
  }

  /** @param {Prompt} prompt
      @param {number} index */
  #option(prompt, index) {
    const take = (/** @type {Event} */ event) => {
      event.preventDefault(); // the box keeps the focus
      this.#take(prompt);
    };
    return el(
      'li',
      { class: 'option', role: 'option', id: `prompt-${index}`, on: { pointerdown: take } },
      el('span', { class: 'option-name', dir: 'auto', text: prompt.name }),
      el('span', { class: 'option-facts faint', dir: 'auto', text: prompt.text }),
    );
  }

  #mark() {
    for (const [index, node] of [...this.list.children].entries()) {
      node.toggleAttribute('data-active', index === this.#active);
      node.setAttribute('aria-selected', String(index === this.#active));
    }
    const active = this.list.children[this.#active];
    if (active?.id) this.box.setAttribute('aria-activedescendant', active.id);
    active?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.list.hidden || event.isComposing) return;
    const { key } = event;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const count = this.#shown.length;
    if (key === 'Escape') this.#close();
    else if (step && count > 0) this.#active = (this.#active + step + count) % count;
    else if ((key !== 'Enter' && key !== 'Tab') || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (step) this.#mark();
    else if (key !== 'Escape') this.#take(this.#shown[this.#active]);
  }

  /** @param {Prompt | undefined} prompt */
  async #take(prompt) {
    if (!prompt) return this.manage();
    this.#close();
    const { value } = this.box;
    const names = [...new Set([...prompt.text.matchAll(PLACE)].map(([, name]) => name))];
    const known = await knownOf(names);
    if (this.box.value !== value) return undefined; // the reader has gone on while the browser asked
    const asked = names.filter((name) => !known.has(name));
    return asked.length > 0
      ? this.#ask(prompt, asked, known)
      : this.put(filled(prompt.text, known));
  }

  /** Asks what stands in the places of a prompt.
      @param {Prompt} prompt
      @param {string[]} names
      @param {Map<string, string>} known */
  #ask({ name: title, text }, names, known) {
    const fields = new Map(
      names.map((name) => [
        name,
        el('textarea', { class: 'field', rows: '1', id: `place-${name}` }),
      ]),
    );
    const use = () => {
      byId('ask').close();
      const written = [...fields].map(([name, { value }]) => /** @type {const} */ ([name, value]));
      this.put(filled(text, new Map([...known, ...written])));
    };
    const rows = [...fields].map(([name, field]) => {
      field.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        use();
      });
      return el('label', { class: 'place' }, el('span', { dir: 'auto', text: name }), field);
    });
    show(title, rows, [button({ class: 'button main', t: 'prompts.use', on: { click: use } })]);
    fields.get(names[0])?.focus();
  }
}

/** What the page knows of these places. What the browser does not give is asked for.
    @param {string[]} names */
async function knownOf(names) {
  /** @type {Map<string, string>} */
  const known = new Map();
  for (const name of names.filter((one) => Object.hasOwn(KNOWN, one))) {
    try {
      known.set(name, await KNOWN[name]());
    } catch {
      // There is no clipboard without TLS, and the reader may refuse it.
    }
  }
  return known;
}

/** @param {string} text
    @param {Map<string, string>} values */
const filled = (text, values) => text.replace(PLACE, (_, name) => values.get(name) ?? '');

/** Opens the dialog. `title`: a key of words, or a prompt's name.
    @param {string} title
    @param {Node[]} inside
    @param {Node[]} ends */
function show(title, inside, ends) {
  const dialog = byId('ask');
  const head = { id: 'ask-title', ...(title === 'prompts.title' ? { t: title } : { text: title }) };
  const close = button({ class: 'button', t: 'close', on: { click: () => dialog.close() } });
  dialog.replaceChildren(el('h2', head), ...inside, el('div', { class: 'ends' }, ...ends, close));
  dialog.showModal();
}

/** @param {string} icon
    @param {string} label
    @param {string} name
    @param {() => void} run */
const tool = (icon, label, name, run) =>
  button({ class: 'quiet icon-button', icon, label, params: { name }, on: { click: run } });

/** @param {Prompt[]} prompts */
const keep = (prompts) => remember('prompts', prompts.length > 0 ? JSON.stringify(prompts) : null);

/** @returns {Prompt[]} */
const own = () =>
  recallJson('prompts', () => /** @type {Prompt[]} */ ([]))
    .filter(({ name, text }) => typeof name === 'string' && typeof text === 'string')
    .sort((one, other) => one.name.localeCompare(other.name));
