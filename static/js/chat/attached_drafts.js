// What is attached to a message that was not sent yet, for each chat. As its words (drafts.js) it
// outlives a reload and belongs to its tab.

import { TEMPORARY } from './drafts.js';

/** @import { AttachedFile } from '../types.js' */

const STORED = 'tornado-ollama.attached.';

/** @typedef {{ images: string[], files: AttachedFile[] }} Attached */

/** @param {string} chat
    @returns {Attached} */
export function recallAttached(chat) {
  try {
    const { images, files } = JSON.parse(sessionStorage.getItem(STORED + chat) ?? '{}');
    return { images: images ?? [], files: files ?? [] };
  } catch {
    return { images: [], files: [] };
  }
}

/** Where the tab has no room for it, it lasts as long as the page.
    @param {string} chat
    @param {Attached} attached */
export function keepAttached(chat, { images, files }) {
  if (chat === TEMPORARY) return;
  try {
    sessionStorage.removeItem(STORED + chat);
    if (images.length + files.length > 0)
      sessionStorage.setItem(STORED + chat, JSON.stringify({ images, files }));
  } catch {
    // Storage is full, or switched off.
  }
}

/** Of one chat, or of all. */
/** @param {string} [chat] */
export function forgetAttached(chat = '') {
  try {
    for (const key of Object.keys(sessionStorage))
      if (chat ? key === STORED + chat : key.startsWith(STORED)) sessionStorage.removeItem(key);
  } catch {
    // Storage is switched off: nothing was kept.
  }
}
