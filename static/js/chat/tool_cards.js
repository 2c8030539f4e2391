// The tools a model called: a folded card each, with the arguments as it gave them, and what the tool
// gave back. The page runs no tools: the reader does, and writes the result in.

import { button, el } from '../ui/dom.js';
import { growing } from '../ui/grow.js';

/** @import { Message, ToolCall } from '../types.js' */

/** One card for each of Ollama's `tool_calls`, and the button that sends what was written in.
    `send(results)` gets a text for each call.
    @param {Message} message
    @param {(results: string[]) => void} send */
export function toolCards({ toolCalls: calls = [], toolResults: given, state }, send) {
  if (given || state !== 'done')
    return calls.map((call, index) => card(call, given && resultOf(given[index])));
  const fields = calls.map(() =>
    growing(
      el('textarea', {
        class: 'field code-field',
        rows: '2',
        label: 'tool.result',
        placeholder: 'tool.result',
        spellcheck: 'false',
      }),
    ),
  );
  /** @type {HTMLElement[]} */
  const cards = calls.map((call, index) => card(call, fields[index], { open: true }));
  if (calls.length > 0) {
    const press = () => send(fields.map((field) => field.value));
    cards.push(
      el(
        'div',
        { class: 'ends' },
        button({ class: 'button', t: 'tool.send', on: { click: press } }),
      ),
    );
  }
  return cards;
}

/** @param {ToolCall} call
    @param {HTMLElement} [result]
    @param {{ open?: boolean }} [how] */
function card({ function: { name, arguments: given } }, result, { open = false } = {}) {
  return el(
    'details',
    { class: 'tool', open },
    el('summary', {}, el('span', { t: 'tool.called' }), ' ', el('code', { text: name })),
    el('pre', { tabindex: '0', text: JSON.stringify(given, null, 2) }),
    result,
  );
}

/** @param {string} text */
function resultOf(text) {
  return el(
    'div',
    { class: 'tool-result' },
    el('p', { class: 'faint', t: 'tool.result' }),
    el('pre', { tabindex: '0', text }),
  );
}
