// Keys for the whole page, and the dialog of help that tells them, on `?`.

import { button, byId, el } from '../ui/dom.js';

/** @typedef {object} Actions
    @property {() => void} write
    @property {() => void} model
    @property {() => void} fresh
    @property {() => void} chats
    @property {(pages: number) => void} scroll
    @property {() => (() => void) | null} stop what stops now */

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = IS_MAC ? '⌘' : 'Ctrl';

const KEYS = [
  ['Enter', 'keys.send'],
  ['Shift + Enter', 'keys.line'],
  ['Esc', 'keys.stop'],
  ['Enter', 'keys.queue'],
  ['/', 'keys.write'],
  ['/ …', 'keys.prompts'],
  [`${COMMAND} + K`, 'keys.model'],
  ['Alt + N', 'keys.new'],
  ['Alt + C', 'keys.chats'],
  ['?', 'keys.help'],
];

const LAUNCH = 'tornado-ollama launch codex';

// What takes the keys for itself while it is open.
const OPEN = 'dialog[open], [popover]:popover-open, .edit';

/** `actions`: what to run for `write`, `model`, `fresh`, `chats` and `scroll(pages)`;
    `stop()`: what stops now, or null.
    @param {Actions} actions */
export function listenForKeys(actions) {
  const help = byId('help');
  help.append(
    el('h2', { id: 'help-title', t: 'keys.title' }),
    el(
      'dl',
      { class: 'facts keys' },
      ...KEYS.flatMap(([key, what]) => [
        el('dt', {}, el('kbd', { text: key })),
        el('dd', { t: what }),
      ]),
    ),
    el('p', {}, el('span', { t: 'help.agents' }), ' ', el('code', { text: LAUNCH })),
    el(
      'div',
      { class: 'ends' },
      button({ class: 'button', t: 'close', on: { click: () => help.close() } }),
    ),
  );
  document.addEventListener('keydown', (event) => {
    if (event.isComposing || event.defaultPrevented || document.querySelector(OPEN)) return;
    const run = wanted(event, { ...actions, help: () => openHelp() });
    if (!run) return;
    event.preventDefault();
    run();
  });
}

export function openHelp() {
  byId('help').showModal();
}

/** @param {KeyboardEvent} event
    @param {Actions & { help: () => void }} actions */
function wanted(event, actions) {
  const { code, key, altKey } = event;
  const command = IS_MAC ? event.metaKey : event.ctrlKey;
  const target = event.target instanceof Element ? event.target : document.body;
  const writing = target.closest('input, textarea, select') !== null;
  if (command && !altKey && key.toLowerCase() === 'k') return actions.model;
  // By place, because Alt changes what these keys write on some keyboards; where it writes letters
  // (Option on a Mac, AltGr), they are the reader's.
  const letters = (IS_MAC && writing) || event.getModifierState('AltGraph');
  if (altKey && !command && !letters && code === 'KeyN') return actions.fresh;
  if (altKey && !command && !letters && code === 'KeyC') return actions.chats;
  if (command || altKey) return null;
  if (key === 'Escape') return actions.stop();
  const fits = target.scrollHeight <= target.clientHeight;
  if (writing && fits && key === 'PageUp') return () => actions.scroll(-1);
  if (writing && fits && key === 'PageDown') return () => actions.scroll(1);
  if (writing) return null;
  if (key === '/') return actions.write;
  if (key === '?') return actions.help;
  return null;
}
