// A long text that is pasted becomes a file of the message: the box stays easy to read and to write in.

import { byId } from '../ui/dom.js';
import { MAX_FILES, MAX_TEXT_BYTES } from './attachments.js';

/** @import { Toast } from '../ui/toast.js'
    @import { Attachments } from './attachments.js' */

const LONG = 8_000;

/** @param {Attachments} attachments
    @param {Toast} toast */
export function listenForLongPaste(attachments, toast) {
  const box = byId('message');
  box.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    const { files } = attachments.now;
    const fits = text.length <= MAX_TEXT_BYTES / 3 && files.length < MAX_FILES; // of UTF-8
    if (event.defaultPrevented || text.length < LONG || !fits) return;
    event.preventDefault();
    const names = new Set(files.map(({ name }) => name));
    let number = 1;
    while (names.has(nameOf(number))) number += 1;
    attachments.put({ images: [], files: [{ name: nameOf(number), text }] });
    toast.offer('attach.pasted', () => {
      const at = attachments.now.files.findIndex((file) => file.text === text);
      if (at < 0) return;
      attachments.now.files.splice(at, 1);
      attachments.put({ images: [], files: [] });
      box.setRangeText(text, box.selectionStart, box.selectionEnd, 'end');
      box.dispatchEvent(new Event('input'));
    });
  });
}

/** @param {number} number */
const nameOf = (number) => `pasted-${number}.txt`;
