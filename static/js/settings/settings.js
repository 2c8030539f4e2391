// What the reader changed about how models answer, in all chats that have no settings of their own.
// Only that is sent (options.js); everything else is left to the model and the server.

import { recallJson, remember, stored } from '../ui/prefs.js';

/** Fires `change`. Every field is a text; an empty one was not changed. Other tabs change the same
    fields; each writes only its own change. */
export class Settings extends EventTarget {
  #fields = read();
  /** @type {Record<string, string> | null} */
  #before = null;

  constructor() {
    super();
    addEventListener('storage', ({ key }) => {
      if (key === stored('settings')) this.#take(read());
    });
  }

  /** @param {string} name */
  get(name) {
    return this.#fields[name] ?? '';
  }

  /** Whether the reader changed it.
      @param {string} name */
  isOwn(name) {
    return this.get(name) !== '';
  }

  /** `value` null or empty: back to the default.
      @param {string} name
      @param {string | null} value */
  set(name, value) {
    if (this.get(name) === (value ?? '')) return;
    this.#change({ [name]: value });
  }

  reset() {
    if (Object.keys(this.#fields).length > 0)
      this.#change(Object.fromEntries(Object.keys(this.#fields).map((name) => [name, ''])));
  }

  /** Whether there is a change to undo. */
  get canUndo() {
    return this.#before !== null;
  }

  /** Takes the last change back. */
  undo() {
    if (this.#before === null) return;
    this.#change(this.#before);
    this.forgetUndo();
  }

  forgetUndo() {
    this.#before = null;
    this.#told();
  }

  /** Whether models are asked otherwise than by default. */
  get changed() {
    return Object.keys(this.#fields).some((name) => name !== 'dictate');
  }

  /** `changes`: a value for each field, empty for its default. All others stay as another tab may
      have made them.
      @param {Record<string, string | null>} changes */
  #change(changes) {
    this.#before = Object.fromEntries(Object.keys(changes).map((name) => [name, this.get(name)]));
    const fields = read();
    for (const [name, value] of Object.entries(changes)) {
      if (value) fields[name] = value;
      else delete fields[name];
    }
    remember('settings', Object.keys(fields).length > 0 ? JSON.stringify(fields) : null);
    this.#take(fields);
  }

  /** @param {Record<string, string>} fields */
  #take(fields) {
    this.#fields = fields;
    this.#told();
  }

  #told() {
    this.dispatchEvent(new Event('change'));
  }
}

/** @returns {Record<string, string>} */
const read = () => recallJson('settings', () => ({}));
