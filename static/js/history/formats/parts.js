// What the readers of other programs' exports have in common. A file can hold anything: whatever is
// taken from one here is read again by its type in import_file.js.

/** @import { ToolCall } from '../../types.js' */

/** @typedef {object} Part a piece of an answer, in the order in which it was said
    @property {'text' | 'thoughts' | 'call'} kind
    @property {string} [text] what was said or thought
    @property {number} [ms] how long it was thought
    @property {ToolCall} [call]
    @property {string} [result] what the tool gave */

/** @typedef {{ chat: any, messages: any[], current?: unknown }} Unread a chat in a file, whose fields
    can hold anything; `current`: the id of the last message that was shown */

const THOUGHTS = /^\s*<(think|thinking)>([\s\S]*?)<\/\1>\s*/;
const SECONDS_END = 100_000_000_000;

/** Messages that say `parts` one after another: what a model says after its tools answered is a
    message of its own below the one that called them. The last has the id of `message`, so that what
    followed follows; `message` gives the other fields.
    @param {any} message
    @param {Part[]} parts */
export function answersOf(message, parts) {
  /** @type {Part[][]} */
  const turns = [[]];
  for (const part of parts) {
    const turn = turns[turns.length - 1];
    if (part.kind !== 'call' && turn.some(({ kind }) => kind === 'call')) turns.push([part]);
    else turn.push(part);
  }
  return turns.map((turn, index) => ({
    ...message,
    ...said(turn),
    id: index === turns.length - 1 ? message.id : `${message.id}/${index}`,
    parent: index === 0 ? message.parent : `${message.id}/${index - 1}`,
  }));
}

/** @param {Part[]} turn */
function said(turn) {
  /** @param {Part['kind']} kind */
  const of = (kind) => turn.filter((part) => part.kind === kind);
  const calls = of('call');
  /** @param {Part[]} some */
  const joined = (some) =>
    some
      .map(({ text = '' }) => text.trim())
      .filter(Boolean)
      .join('\n\n');
  return {
    content: joined(of('text')),
    thinking: joined(of('thoughts')),
    thinkingMs: of('thoughts').reduce((sum, { ms = 0 }) => sum + ms, 0),
    toolCalls: calls.map(({ call }) => call),
    // What was called is over: a card without a result would ask the reader for one.
    ...(calls.length > 0 && { toolResults: calls.map(({ result = '' }) => result) }),
  };
}

/** The parts of an answer that may begin with thoughts between tags.
    @param {unknown} words
    @returns {Part[]} */
export function withThoughts(words) {
  const text = string(words);
  const found = THOUGHTS.exec(text);
  if (!found) return [{ kind: 'text', text }];
  return [
    { kind: 'thoughts', text: found[2] },
    { kind: 'text', text: text.slice(found[0].length) },
  ];
}

/** @param {unknown} name
    @param {unknown} given arguments, perhaps as JSON
    @param {unknown} [result]
    @returns {Part} */
export function callPart(name, given, result) {
  const call = { function: { name: string(name) || '?', arguments: parsed(given) } };
  return { kind: 'call', call, result: string(result) };
}

/** The value of a JSON text; what is none stays what it is.
    @param {unknown} json */
export function parsed(json) {
  if (typeof json !== 'string') return json;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** A time in milliseconds, given as such, in seconds, or in the words of ISO 8601; 0 for none.
    @param {any} at
    @returns {number} */
export function millis(at) {
  if (typeof at === 'string' && /[-:T]/.test(at)) return Date.parse(at) || 0;
  const number = Number(at);
  if (!Number.isFinite(number)) return 0;
  return number < SECONDS_END ? number * 1000 : number;
}

/** Each message below the one before it. Those without an id get one.
    @param {any[]} messages */
export function inLine(messages) {
  return messages.map((message, index) => ({
    ...message,
    id: `${index}`,
    parent: index > 0 ? `${index - 1}` : null,
  }));
}

/** The base64 of a data URL's image; nothing for other addresses.
    @param {unknown} url */
export const imageOf = (url) => string(url).split(';base64,')[1];

/** @param {unknown} value
    @returns {string} */
export const string = (value) => (typeof value === 'string' ? value : '');

/** The objects of a list; none where there is no list.
    @param {any} value
    @returns {any[]} */
export const objects = (value) =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
