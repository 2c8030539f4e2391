// Chats of LibreChat's export (JSON, with or without branches, flat or as a tree) in our own shape.

import { t } from '../../ui/i18n.js';
import { answersOf, callPart, millis, objects, string } from './parts.js';

/** @import { Part, Unread } from './parts.js' */

/** Whether this is a chat of LibreChat's.
    @param {any} one */
export const isLibreChat = (one) =>
  typeof one.conversationId === 'string' && ('messages' in one || 'messagesTree' in one);

/** @param {any} one
    @returns {Unread} */
export function fromLibreChat({ title, messages, messagesTree }) {
  const given = flat(messagesTree ?? messages);
  const said = given.flatMap(message);
  const times = said.map(({ at }) => at).filter(Boolean);
  return {
    chat: {
      title,
      createdAt: times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : Date.now(),
      updatedAt: times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : Date.now(),
    },
    messages: said,
    current: given.at(-1)?.messageId,
  };
}

/** The messages of a tree, each before those below it.
    @param {any} tree */
function flat(tree) {
  const waiting = objects(Array.isArray(tree) ? tree : [tree]).reverse();
  const found = [];
  const seen = new Set();
  while (waiting.length > 0) {
    const one = waiting.pop();
    if (seen.has(one)) continue;
    seen.add(one);
    found.push(one);
    waiting.push(...objects(one.children).reverse());
  }
  return found;
}

/** @param {any} one */
function message({ messageId, parentMessageId, isCreatedByUser, text, content, ...one }) {
  const basic = {
    id: messageId,
    parent: parentMessageId,
    role: isCreatedByUser ? 'user' : 'assistant',
    at: millis(one.createdAt),
    model: one.model ?? one.sender,
  };
  const parts = objects(content).flatMap(part);
  if (isCreatedByUser) {
    const words = parts.filter(({ kind }) => kind === 'text').map((given) => given.text);
    const lost = objects(one.files).map(() => t('import.noFile'));
    return [{ ...basic, content: [string(text) || words.join('\n\n'), ...lost].join('\n\n') }];
  }
  const state = one.error ? 'failed' : one.unfinished ? 'stopped' : 'done';
  const all =
    parts.length > 0 ? parts : [{ kind: /** @type {'text'} */ ('text'), text: string(text) }];
  return answersOf({ ...basic, state }, all);
}

/** @param {any} one
    @returns {Part[]} */
function part(one) {
  const { type } = one;
  if (type === 'text' || type === 'error') return [{ kind: 'text', text: wordsOf(one[type]) }];
  if (type === 'think') return [{ kind: 'thoughts', text: wordsOf(one.think) }];
  if (type === 'image_file') return [{ kind: 'text', text: t('import.noFile') }];
  if (type !== 'tool_call' || !one.tool_call) return [];
  const { name, args, output, function: called } = one.tool_call;
  return [callPart(name ?? called?.name, args ?? called?.arguments, output ?? called?.output)];
}

/** @param {any} given */
const wordsOf = (given) => string(given) || string(given?.value);
