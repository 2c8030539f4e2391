// HTML, SVG and diagrams as they would look, in a frame that reaches nothing: it has no origin, and a
// policy of its own forbids it the network. Fetched when a preview is first asked for.

import { styleSheet } from '../ui/asset.js';
import { button, el } from '../ui/dom.js';
import { libraryText, sandbox } from '../ui/sandbox.js';

/** @typedef {'html' | 'svg' | 'mermaid'} Kind of what can be shown */

/** @type {HTMLDialogElement | null} */
let dialog = null;

/** Opens the preview of a text.
    @param {Kind} kind
    @param {string} text */
export async function openPreview(kind, text) {
  dialog ??= newDialog();
  const { frame, isLoaded } = sandbox('preview', { label: 'preview.frame' });
  dialog.querySelector('.preview-place')?.replaceChildren(frame);
  dialog.showModal();
  const library = kind === 'mermaid' ? await libraryText('mermaid.js') : '';
  if (library === null) {
    frame.replaceWith(el('p', { class: 'faint', t: 'part.missing' }));
    return;
  }
  await isLoaded;
  // It has no origin that could be named. What is sent is what the model wrote, and the library.
  frame.contentWindow?.postMessage({ kind, text, library }, '*');
}

/** @returns {HTMLDialogElement} */
function newDialog() {
  document.head.append(styleSheet('css/preview.css'));
  const made = el(
    'dialog',
    { class: 'preview', id: 'preview', 'aria-labelledby': 'preview-title' },
    el(
      'header',
      {},
      el('h2', { id: 'preview-title', t: 'preview.title' }),
      el('p', { class: 'faint', t: 'preview.note' }),
      button({
        class: 'quiet icon-button',
        icon: 'close',
        label: 'close',
        on: { click: () => dialog?.close() },
      }),
    ),
    el('div', { class: 'preview-place' }),
  );
  // Without its frame nothing of it runs any more. It may have been opened again by now.
  made.addEventListener('close', () => {
    if (!made.open) made.querySelector('.preview-place')?.replaceChildren();
  });
  document.body.append(made);
  return made;
}
