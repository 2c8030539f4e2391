// Files that come by being picked, pasted or dropped.

import { byId, el } from '../ui/dom.js';

const TEXTS =
  'text/*,.md,.csv,.json,.yaml,.yml,.toml,.svg,.py,.js,.ts,.go,.rs,.c,.h,.cpp,.java,.sh,.log';

/** `take(files)` gets them. `canSee()`: whether images are of use.
    @param {(files: File[]) => void} take
    @param {() => boolean} canSee */
export function listenForFiles(take, canSee) {
  byId('attach').addEventListener('click', () => pick(take, canSee()));
  byId('message').addEventListener('paste', (event) => {
    const { clipboardData } = event;
    const files = [...(clipboardData?.files ?? [])];
    if (!clipboardData || files.length === 0 || hasWords(clipboardData, files)) return;
    event.preventDefault();
    take(files);
  });
  const place = document.body;
  place.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    place.dataset.dropping = '';
  });
  place.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) delete place.dataset.dropping;
  });
  place.addEventListener('drop', (event) => {
    delete place.dataset.dropping;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}

/** Cells and paragraphs come with a picture of themselves: then the words are what is wanted. Copied
    files come with their names as words: then it is the files.
    @param {DataTransfer} clipboard
    @param {File[]} files */
function hasWords(clipboard, files) {
  const lines = clipboard
    .getData('text/plain')
    .split(/\r?\n/)
    .filter((line) => line.trim());
  return lines.some((line) => !files.some(({ name }) => line.trim().endsWith(name)));
}

/** @param {(files: File[]) => void} take
    @param {boolean} canSee */
function pick(take, canSee) {
  const field = el('input', { type: 'file', multiple: true, accept: canSee ? null : TEXTS });
  field.addEventListener('change', () => take([...(field.files ?? [])]));
  field.click();
}
