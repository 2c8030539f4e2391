// Chats of the page of llama.cpp's server: JSON, or lines of JSON, in our own shape.

import { imageOf, millis, objects, parsed, string, withThoughts } from './parts.js';

/** @import { Unread } from './parts.js' */

/** Whether this is a chat of llama.cpp's page.
    @param {any} one */
export const isLlamaCpp = ({ conv, messages }) =>
  typeof conv === 'object' && conv !== null && Array.isArray(messages);

/** Whether these values, one a line of a file, are a chat each with its messages behind it.
    @param {any[]} lines */
export const isLlamaCppLines = ([first]) => first?.type === 'session';

/** @param {any[]} lines */
export function chatsOfLines(lines) {
  /** @type {{ conv: any, messages: any[] }[]} */
  const chats = [];
  for (const one of objects(lines)) {
    if (one.type === 'session') chats.push({ conv: one, messages: [] });
    else if (one.type === 'message') chats.at(-1)?.messages.push(one.message);
  }
  return chats;
}

/** @param {any} one
    @returns {Unread} */
export function fromLlamaCpp({ conv, messages }) {
  const at = millis(conv.lastModified);
  return {
    chat: { title: conv.name, createdAt: at, updatedAt: at, pinned: conv.pinned },
    messages: objects(messages).map(message),
    current: conv.currNode,
  };
}

/** @param {any} one */
function message({ id, parent, role, type, content, extra, model, ...one }) {
  const basic = { id, parent, role: type === 'root' ? 'root' : role, at: millis(one.timestamp) };
  if (role === 'tool') return { ...basic, content: string(content), callId: one.toolCallId };
  if (role !== 'assistant') return { ...basic, content, ...attached(objects(extra)) };
  const calls = objects(parsed(one.toolCalls)).map(({ id: callId, function: called }) => ({
    id: callId,
    function: { name: string(called?.name) || '?', arguments: parsed(called?.arguments) },
  }));
  const thoughts = string(one.reasoningContent) || string(one.thinking);
  const parts = withThoughts(content);
  return {
    ...basic,
    model,
    content: parts.at(-1)?.text,
    thinking: thoughts || (parts.length > 1 ? parts[0].text : ''),
    toolCalls: calls,
    ...(calls.length > 0 && { toolResults: calls.map(() => '') }),
  };
}

/** @param {any[]} extra */
function attached(extra) {
  /** @param {RegExp} kind */
  const of = (kind) => extra.filter(({ type }) => kind.test(string(type)));
  return {
    images: of(/^image/i).map(({ base64Url }) => imageOf(base64Url)),
    files: of(/^(text|pdf|context)/i).map(({ name, content }) => ({ name, text: content })),
  };
}
