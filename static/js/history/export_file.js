// Chats as files: JSON that can be read back (import_file.js), Markdown for people.

import { Conversation } from './conversation.js';

/** @import { StoredChat } from '../types.js' */

export const FORMAT = 'tornado-ollama/chats';
const VERSION = 1;

/** The JSON text of stored chats (`{ chat, messages }` each).
    @param {StoredChat[]} stored */
export function asJson(stored) {
  return JSON.stringify({ format: FORMAT, version: VERSION, chats: stored }, null, 2);
}

/** One chat as Markdown, as it is shown.
    @param {StoredChat} stored
    @param {{ user: string }} names */
export function asMarkdown(stored, names) {
  const conversation = new Conversation(stored);
  const turns = conversation.path().map(({ role, model, content }) => {
    const who = role === 'user' ? names.user : model;
    return `## ${who}\n\n${content}\n`;
  });
  return [`# ${stored.chat.title}\n`, ...turns].join('\n');
}

/** Has the browser save `text` as a file.
    @param {string} name
    @param {string} type
    @param {string} text */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[^\p{L}\p{N}._ -]+/gu, '_').slice(0, 100);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
