// Chats as files: JSON that can be read back, Markdown for people. Reads back its own JSON and Open
// WebUI's export.

import { Conversation } from './conversation.js';
import { newId } from './ids.js';

const FORMAT = 'tornado-ollama/chats';
const VERSION = 1;

/** The JSON text of stored chats (`{ chat, messages }` each). */
export function asJson(stored) {
  return JSON.stringify({ format: FORMAT, version: VERSION, chats: stored }, null, 2);
}

/** One chat as Markdown, as it is shown. */
export function asMarkdown(stored, names) {
  const conversation = new Conversation(stored);
  const turns = conversation.path().map(({ role, model, content }) => {
    const who = role === 'user' ? names.user : model;
    return `## ${who}\n\n${content}\n`;
  });
  return [`# ${stored.chat.title}\n`, ...turns].join('\n');
}

/** The chats in a file's text, with new ids, so that nothing on the device is overwritten.
    Throws where it holds none. */
export function readChats(text) {
  const data = JSON.parse(text);
  const chats = data.format === FORMAT ? data.chats.map(own) : openWebUi(data);
  if (chats.length === 0) throw new Error('no chats');
  return chats;
}

function own({ chat, messages }) {
  return renewed(
    { title: String(chat.title), createdAt: Number(chat.createdAt), updatedAt: Number(chat.updatedAt), pinned: Boolean(chat.pinned), shown: chat.shown },
    messages.filter(({ role }) => role === 'user' || role === 'assistant'),
  );
}

/** Open WebUI exports a list of `{ chat: { title, history: { messages, currentId } } }`. */
function openWebUi(data) {
  const list = Array.isArray(data) ? data : [data];
  return list.filter((one) => one?.chat?.history?.messages).map((one) => {
    const { title = '', history } = one.chat;
    const messages = Object.values(history.messages)
      .filter(({ role }) => role === 'user' || role === 'assistant')
      .map(({ id, parentId, role, content, model, timestamp }) => ({
        id, parent: parentId ?? null, role, content: String(content ?? ''), model, at: (timestamp ?? 0) * 1000, state: 'done',
      }));
    const at = Math.max(0, ...messages.map((message) => message.at)) || Date.now();
    return renewed({ title: String(title), createdAt: at, updatedAt: at, pinned: Boolean(one.pinned), shown: null }, messages);
  });
}

function renewed(chat, messages) {
  const id = newId();
  const ids = new Map(messages.map((message) => [message.id, newId()]));
  const again = (old) => ids.get(old) ?? null;
  return {
    chat: { ...chat, id, shown: again(chat.shown) },
    messages: messages.map((message) => ({
      ...message,
      chat: id,
      id: again(message.id),
      parent: again(message.parent),
      shown: again(message.shown),
      content: String(message.content ?? ''),
      at: Number(message.at) || 0,
    })),
  };
}

/** Has the browser save `text` as a file. */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[^\p{L}\p{N}._ -]+/gu, '_').slice(0, 100);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
