// Keys for the whole page, and the dialog that tells them, on `?`.

import { button, byId, el } from './dom.js';

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = IS_MAC ? '⌘' : 'Ctrl';

const KEYS = [
  ['Enter', 'keys.send'],
  ['Shift + Enter', 'keys.line'],
  ['Esc', 'keys.stop'],
  ['/', 'keys.write'],
  [`${COMMAND} + K`, 'keys.model'],
  ['Alt + N', 'keys.new'],
  ['Alt + C', 'keys.chats'],
  ['?', 'keys.help'],
];

/** `actions`: what to run for `write`, `model`, `fresh` and `chats`. */
export function listenForKeys(actions) {
  const help = byId('help');
  help.append(
    el('h2', { id: 'help-title', t: 'keys.title' }),
    el('dl', { class: 'facts keys' }, ...KEYS.flatMap(([key, what]) => [
      el('dt', {}, el('kbd', { text: key })), el('dd', { t: what }),
    ])),
    el('div', { class: 'ends' }, button({ class: 'button', t: 'close', on: { click: () => help.close() } })),
  );
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const run = wanted(event, { ...actions, help: () => openHelp() });
    if (!run) return;
    event.preventDefault();
    run();
  });
}

export function openHelp() {
  byId('help').showModal();
}

function wanted(event, actions) {
  const { code, key, altKey } = event;
  const command = IS_MAC ? event.metaKey : event.ctrlKey;
  if (command && !altKey && key.toLowerCase() === 'k') return actions.model;
  // By place, because Alt changes what these keys write on some keyboards.
  if (altKey && !command && code === 'KeyN') return actions.fresh;
  if (altKey && !command && code === 'KeyC') return actions.chats;
  if (command || altKey || event.target.closest('input, textarea, select')) return null;
  if (key === '/') return actions.write;
  if (key === '?') return actions.help;
  return null;
}
