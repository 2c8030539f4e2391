// A question that is being rewritten in its place.

import { button, el } from '../ui/dom.js';
import { growing } from '../ui/grow.js';

/** The form. `onSend(text)` with the new words, `onCancel()` without.
    @param {string} content
    @param {(text: string) => void} onSend
    @param {() => void} onCancel */
export function editForm(content, onSend, onCancel) {
  const box = growing(el('textarea', { class: 'field edit-box', dir: 'auto', label: 'turn.edit' }));
  box.value = content;
  const send = () => {
    const text = box.value.trim();
    if (text) onSend(text);
  };
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Escape') onCancel();
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  return el(
    'div',
    { class: 'edit' },
    box,
    el(
      'div',
      { class: 'ends' },
      button({ class: 'button main', t: 'turn.edit.send', on: { click: send } }),
      button({ class: 'button', t: 'cancel', on: { click: onCancel } }),
    ),
  );
}
