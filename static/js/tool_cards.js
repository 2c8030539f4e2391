// The tools a model called: a folded card each, with the arguments as it gave them.

import { el } from './dom.js';

/** One card for each of Ollama's `tool_calls`. */
export function toolCards(calls = []) {
  return calls.map(({ function: { name, arguments: given } }) => el('details', { class: 'tool' },
    el('summary', {}, el('span', { t: 'tool.called' }), ' ', el('code', { text: name })),
    el('pre', { text: JSON.stringify(given, null, 2) })));
}
