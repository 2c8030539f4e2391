// Says above the message box that the chat on the screen could not be stored, until it is, or the
// reader has saved it as a file.

import { byId } from '../ui/dom.js';
import { Notice } from './notice.js';

/** @import { Chat } from '../chat/chat.js'
    @import { ChatStore } from '../history/chat_store.js' */

const WORDS = { what: 'unsaved.what', next: 'unsaved.next', params: {}, said: '' };

/** `save(id)`: saves a chat as a file that can be read back.
    @param {{ chat: Chat, store: ChatStore, save: (id: string) => unknown }} parts */
export function tellUnsaved({ chat, store, save }) {
  /** @type {Set<string>} */
  const saved = new Set();
  const now = () => chat.conversation.id;
  const notice = new Notice(byId('unsaved'), {
    save: async () => {
      const id = now();
      await save(id);
      saved.add(id);
      show();
    },
  });
  const show = () => {
    if (!store.isUnsaved(now())) saved.delete(now());
    else if (!saved.has(now())) return notice.show({ ...WORDS, actions: ['save'] });
    return notice.hide();
  };
  store.addEventListener('change', show);
  store.addEventListener('failed', ({ detail }) => {
    saved.delete(detail.id);
    show();
  });
  chat.addEventListener('change', show);
}
