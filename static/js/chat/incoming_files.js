// Files that come by being picked, pasted or dropped.

import { byId, el } from '../ui/dom.js';

/** @import { Params } from '../types.js' */

const TEXTS =
  'text/*,.pdf,.md,.csv,.json,.yaml,.yml,.toml,.svg,.py,.js,.ts,.go,.rs,.c,.h,.cpp,.java,.sh,.log';

/** `take(files)` gets them. `canSee()`: whether images are of use. `refuse(key, params)`: says why
    something is not taken.
    @param {(files: File[]) => void} take
    @param {{ canSee: () => boolean, refuse: (key: string, params?: Params) => void }} parts */
export function listenForFiles(take, { canSee, refuse }) {
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
    const { dataTransfer } = event;
    if (!dataTransfer || dataTransfer.files.length === 0) return;
    event.preventDefault();
    const folders = foldersIn(dataTransfer);
    if (folders.length > 0) refuse('attach.folder', { name: folders[0] });
    take([...dataTransfer.files].filter(({ name }) => !folders.includes(name)));
  });
}

/** The names of folders, which are among the files as if they were some.
    @param {DataTransfer} dropped */
const foldersIn = ({ items }) =>
  [...items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry?.() : null;
    return entry?.isDirectory ? [entry.name] : [];
  });

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
