// How models can be asked to answer: the fields of the settings, and what they become in a chat frame.

import { namesFunction } from '../net/chat_request.js';
import { canThink, canUseTools } from '../models/capabilities.js';

/** @import { ChatOptions, Model } from '../types.js' */

/** @typedef {object} Option one of Ollama's options
    @property {string} name
    @property {'number' | 'whole' | 'lines' | 'yes'} kind
    @property {number} [min]
    @property {number} [max]
    @property {string} usual Ollama's own default; empty where it depends on the model or the machine
    @property {boolean} [rare] of use to few */

/** @type {Option[]} */
export const OPTIONS = [
  { name: 'temperature', kind: 'number', min: 0, max: 5, usual: '0.8' },
  { name: 'top_p', kind: 'number', min: 0, max: 1, usual: '0.9' },
  { name: 'top_k', kind: 'whole', min: 0, usual: '40' },
  { name: 'min_p', kind: 'number', min: 0, max: 1, usual: '0' },
  { name: 'repeat_penalty', kind: 'number', min: 0, max: 5, usual: '' },
  { name: 'seed', kind: 'whole', usual: '' },
  { name: 'num_ctx', kind: 'whole', min: 1, usual: '' },
  { name: 'num_predict', kind: 'whole', min: -2, usual: '-1' },
  { name: 'stop', kind: 'lines', usual: '' },
  { name: 'repeat_last_n', kind: 'whole', min: -1, usual: '64', rare: true },
  { name: 'presence_penalty', kind: 'number', min: -2, max: 2, usual: '0', rare: true },
  { name: 'frequency_penalty', kind: 'number', min: -2, max: 2, usual: '0', rare: true },
  { name: 'typical_p', kind: 'number', min: 0, max: 1, usual: '1', rare: true },
  { name: 'num_keep', kind: 'whole', min: -1, usual: '4', rare: true },
  { name: 'num_batch', kind: 'whole', min: 1, usual: '512', rare: true },
  { name: 'num_gpu', kind: 'whole', min: -1, usual: '-1', rare: true },
  { name: 'main_gpu', kind: 'whole', min: 0, usual: '', rare: true },
  { name: 'num_thread', kind: 'whole', min: 0, usual: '0', rare: true },
  { name: 'draft_num_predict', kind: 'whole', min: 0, usual: '', rare: true },
  { name: 'use_mmap', kind: 'yes', usual: '', rare: true },
];

export const THINK = ['', 'true', 'false', 'low', 'medium', 'high'];
export const YES = ['', 'true', 'false'];

/** What Ollama does with a chat that is longer than the context: fields of the request itself. */
export const OVERFLOW = /** @type {const} */ (['truncate', 'shift']);

const DURATION = /^(-?\d+(\.\d+)?|(\d+(\.\d+)?(ms|s|m|h))+|-\d+(s|m|h))$/;

/** @type {Record<string, (value: string) => unknown>} */
const CHECKS = {
  system: () => true,
  think: (value) => THINK.includes(value),
  titles: (value) => YES.includes(value),
  dictate: (value) => YES.includes(value),
  keep_alive: (value) => DURATION.test(value),
  format: (value) => reads(format, value),
  tools: (value) => reads(tools, value),
  ...Object.fromEntries(OVERFLOW.map((name) => [name, (value) => YES.includes(value)])),
  ...Object.fromEntries(OPTIONS.map((option) => [option.name, (value) => fits(option, value)])),
};

/** Whether `value` is one that a field takes; an empty one stands for its default.
    @param {string} name
    @param {string} value */
export const isGood = (name, value) =>
  name in CHECKS && (value === '' || Boolean(CHECKS[name](value)));

/** The settings of a chat: its own where it has some, else those of all chats.
    @param {Record<string, string> | undefined} own
    @param {{ get: (name: string) => string }} settings
    @returns {(name: string) => string} */
export const settingsOf = (own, settings) => (name) => own?.[name] ?? settings.get(name);

/** The fields of a chat frame for `model`, but for model and messages. `get(name)`: a field's text,
    empty where it was not changed.
    @param {(name: string) => string} get
    @param {Model | null} model
    @returns {ChatOptions} */
export function requestOf(get, model) {
  /** @type {ChatOptions} */
  const request = {};
  const changed = OPTIONS.filter(({ name }) => get(name));
  if (changed.length > 0)
    request.options = Object.fromEntries(
      changed.map((one) => [one.name, sent(one, get(one.name))]),
    );
  for (const name of OVERFLOW) if (get(name)) request[name] = get(name) === 'true';
  if (get('keep_alive')) request.keep_alive = duration(get('keep_alive'));
  if (get('format')) request.format = format(get('format'));
  if (get('tools') && canUseTools(model)) request.tools = tools(get('tools'));
  const think = get('think');
  if (think && (canThink(model) || think === 'false'))
    request.think = think === 'true' || think === 'false' ? think === 'true' : think;
  return request;
}

/** @param {Option} option
    @param {string} text */
function sent({ kind }, text) {
  if (kind === 'lines') return text.split('\n').filter(Boolean);
  return kind === 'yes' ? text === 'true' : Number(text);
}

/** @param {Option} option
    @param {string} text */
function fits({ kind, min = -Infinity, max = Infinity }, text) {
  if (kind === 'lines') return true;
  if (kind === 'yes') return YES.includes(text);
  const number = Number(text);
  return (
    Number.isFinite(number) &&
    number >= min &&
    number <= max &&
    (kind === 'number' || Number.isInteger(number))
  );
}

/** Ollama takes bare numbers as numbers only (seconds), everything else as a duration.
    @param {string} text */
function duration(text) {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** "json", or a JSON schema. Throws SyntaxError for anything else.
    @param {string} text */
function format(text) {
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
function tools(text) {
  const given = JSON.parse(text);
  const list = Array.isArray(given) ? given : [given];
  if (!list.every(namesFunction)) throw new SyntaxError('not tools');
  return list;
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
