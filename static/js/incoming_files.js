// Files that come by being picked, pasted or dropped.

import { byId, el } from './dom.js';

const TEXTS =
  'text/*,.md,.csv,.json,.yaml,.yml,.toml,.svg,.py,.js,.ts,.go,.rs,.c,.h,.cpp,.java,.sh,.log';

/** `take(files)` gets them. `canSee()`: whether images are of use. */
export function listenForFiles(take, canSee) {
  byId('attach').addEventListener('click', () => pick(take, canSee()));
  byId('message').addEventListener('paste', (event) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0 || hasWords(event.clipboardData, files)) return;
    event.preventDefault();
    take(files);
  });
  const place = document.body;
  place.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    place.dataset.dropping = '';
  });
  place.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) delete place.dataset.dropping;
  });
  place.addEventListener('drop', (event) => {
    delete place.dataset.dropping;
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

/** Cells and paragraphs come with a picture of themselves: then the words are what is wanted. Copied
    files come with their names as words: then it is the files. */
function hasWords(clipboard, files) {
  const lines = clipboard
    .getData('text/plain')
    .split(/\r?\n/)
    .filter((line) => line.trim());
  return lines.some((line) => !files.some(({ name }) => line.trim().endsWith(name)));
}

function pick(take, canSee) {
  const field = el('input', { type: 'file', multiple: true, accept: canSee ? null : TEXTS });
  field.addEventListener('change', () => take([...field.files]));
  field.click();
}
