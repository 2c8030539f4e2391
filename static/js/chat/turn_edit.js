// A message that is being rewritten in its place.

import { button, el } from '../ui/dom.js';
import { growing } from '../ui/grow.js';

/** The form. `save(text)` keeps the new words; `send(text)`, of a question, asks with them; `cancel()`
    leaves without.
    @param {string} content
    @param {{ save: (text: string) => void, send: ((text: string) => void) | null,
        cancel: () => void }} ends */
export function editForm(content, { save, send, cancel }) {
  const box = growing(el('textarea', { class: 'field edit-box', dir: 'auto', label: 'turn.edit' }));
  box.value = content;
  /** @param {((text: string) => void) | null} end */
  const endBy = (end) => () => {
    const text = box.value.trim();
    if (text) end?.(text);
  };
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') cancel();
    const ends = send ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && ends) {
      event.preventDefault();
      endBy(send ?? save)();
    }
  });
  return el(
    'div',
    { class: 'edit' },
    box,
    el(
      'div',
      { class: 'ends' },
      send && button({ class: 'button main', t: 'turn.edit.send', on: { click: endBy(send) } }),
      button({ class: 'button', t: 'turn.edit.save', on: { click: endBy(save) } }),
      button({ class: 'button', t: 'cancel', on: { click: cancel } }),
    ),
  );
}
