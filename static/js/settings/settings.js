// What the reader changed about how models answer. Only that is sent; everything else is left to
// the model and the server.

import { namesFunction } from '../net/chat_request.js';
import { canThink, canUseTools } from '../models/capabilities.js';
import { recallJson, remember, stored } from '../ui/prefs.js';

/** @import { ChatOptions, Model } from '../types.js' */

/** The options of Ollama that can be changed. `kind`: number, whole or lines. */
export const OPTIONS = [
  { name: 'temperature', kind: 'number', min: 0, max: 5, usual: '0.8' },
  { name: 'top_p', kind: 'number', min: 0, max: 1, usual: '0.9' },
  { name: 'top_k', kind: 'whole', min: 0, usual: '40' },
  { name: 'min_p', kind: 'number', min: 0, max: 1, usual: '0' },
  { name: 'seed', kind: 'whole', usual: '' },
  { name: 'num_ctx', kind: 'whole', min: 1, usual: '' },
  { name: 'num_predict', kind: 'whole', min: -2, usual: '-1' },
  { name: 'stop', kind: 'lines', usual: '' },
];

export const THINK = ['', 'true', 'false', 'low', 'medium', 'high'];

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

  /** `value` null or empty: back to the default.
      @param {string} name
      @param {string | null} value */
  set(name, value) {
    if (this.get(name) === (value ?? '')) return;
    this.#change({ [name]: value });
  }

  reset() {
    if (this.changed)
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

  get changed() {
    return Object.keys(this.#fields).length > 0;
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

  /** The fields of a chat frame for `model`, but for model and messages.
      @param {Model | null} model
      @returns {ChatOptions} */
  request(model) {
    /** @type {ChatOptions} */
    const request = {};
    /** @type {Record<string, number | string[]>} */
    const options = {};
    for (const { name, kind } of OPTIONS) {
      const value = this.get(name);
      if (value)
        options[name] = kind === 'lines' ? value.split('\n').filter(Boolean) : Number(value);
    }
    if (Object.keys(options).length > 0) request.options = options;
    if (this.get('keep_alive')) request.keep_alive = duration(this.get('keep_alive'));
    if (this.get('format')) request.format = format(this.get('format'));
    if (this.get('tools') && canUseTools(model)) request.tools = tools(this.get('tools'));
    const think = this.get('think');
    if (think && (canThink(model) || think === 'false')) {
      request.think = think === 'true' || think === 'false' ? think === 'true' : think;
    }
    return request;
  }
}

/** Ollama takes bare numbers as numbers only (seconds), everything else as a duration.
    @param {string} text */
function duration(text) {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** "json", or a JSON schema. Throws SyntaxError for anything else.
    @param {string} text */
export function format(text) {
  const wanted = text.trim();
  if (wanted === 'json') return wanted;
  const schema = JSON.parse(wanted);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new SyntaxError('not an object');
  return schema;
}

/** Tools in Ollama's form, `[{ type, function: { name, parameters } }]`; one alone is a list of one.
    Throws SyntaxError for anything else.
    @param {string} text */
export function tools(text) {
  const given = JSON.parse(text);
  const list = Array.isArray(given) ? given : [given];
  if (!list.every(namesFunction)) throw new SyntaxError('not tools');
  return list;
}

/** @returns {Record<string, string>} */
const read = () => recallJson('settings', () => ({}));
