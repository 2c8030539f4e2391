// Chats of Page Assist's export in our own shape.

import { answersOf, imageOf, inLine, millis, objects, withThoughts } from './parts.js';

/** @import { Unread } from './parts.js' */

/** The chats in Page Assist's file, which holds knowledge and prompts too; null where it is none.
    @param {any} data
    @returns {any[] | null} */
export const pageAssistChats = (data) =>
  Array.isArray(data?.chat) && ('knowledge' in data || 'prompts' in data || 'vector' in data)
    ? data.chat
    : null;

/** Whether this is a chat of Page Assist's.
    @param {any} one */
export const isPageAssist = ({ history, messages }) =>
  typeof history === 'object' && history !== null && Array.isArray(messages);

/** @param {any} one
    @returns {Unread} */
export function fromPageAssist({ history, messages }) {
  const said = objects(messages)
    .sort((one, other) => millis(one.createdAt) - millis(other.createdAt))
    .flatMap(message);
  const at = millis(history.createdAt);
  return {
    chat: {
      title: history.title,
      createdAt: at,
      updatedAt: said.at(-1)?.at || at,
      pinned: history.is_pinned,
    },
    messages: inLine(said),
    current: `${said.length - 1}`,
  };
}

/** @param {any} one */
function message({ role, content, images, createdAt, modelName, name, ...one }) {
  const basic = { role, at: millis(createdAt), content, model: modelName ?? name };
  if (role !== 'assistant')
    return [{ ...basic, images: (Array.isArray(images) ? images : []).map(imageOf) }];
  const ms = Number(one.reasoning_time_taken) || 0;
  return answersOf(
    basic,
    withThoughts(content).map((part) => (part.kind === 'thoughts' ? { ...part, ms } : part)),
  );
}
