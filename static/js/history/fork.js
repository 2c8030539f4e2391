// A copy of a chat up to one of its messages, which goes on as a chat of its own.

import { newId } from '../ui/ids.js';

/** @import { Message, StoredChat } from '../types.js'
    @import { Conversation } from './conversation.js' */

/** The copy, with the settings of the chat.
    @param {Conversation} conversation
    @param {Message} last
    @returns {StoredChat} */
export function forkAt(conversation, last) {
  const { title, settings, tags } = conversation.chat;
  const chat = newId();
  const said = [...conversation.before(last), last];
  const ids = said.map(() => newId());
  const now = Date.now();
  return {
    chat: {
      id: chat,
      title,
      createdAt: now,
      updatedAt: now,
      pinned: false,
      shown: ids[0],
      settings,
      tags,
    },
    messages: said.map((message, index) => ({
      ...structuredClone(message),
      beside: undefined,
      id: ids[index],
      chat,
      parent: ids[index - 1] ?? null,
      shown: ids[index + 1] ?? null,
    })),
  };
}
