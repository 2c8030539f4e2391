// Chats that are kept nowhere.

import { byId, el } from '../ui/dom.js';

/** @import { Library } from './library.js' */

/** A function that begins such a chat. That it is one stands above its messages.
    @param {Library} library */
export function temporaryChats(library) {
  const { chat } = library;
  const words = el('p', { class: 'temporary faint', t: 'temporary.why', hidden: true });
  byId('content').prepend(words);
  const show = () => {
    words.hidden = !chat.conversation.chat.temporary;
  };
  chat.addEventListener('change', show);
  return () => {
    library.fresh();
    chat.conversation.chat.temporary = true;
    chat.dispatchEvent(new Event('change'));
  };
}
