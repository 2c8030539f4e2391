// Chats of LobeChat's exports in our own shape: that of all its data, old or new, and that of a topic.

import { inLine, millis, objects, parsed, string, withThoughts } from './parts.js';

/** @import { Unread } from './parts.js' */

/** @typedef {{ title: unknown, messages: any[], calls: Map<unknown, any> }} Topic */

/** The chats in LobeChat's file; null where it is none.
    @param {any} data
    @returns {Topic[] | null} */
export function lobeChats(data) {
  if (isMessages(data)) return [topic('', data)];
  const tables = data?.state ?? data?.data;
  if (Array.isArray(tables?.messages)) return byTopic(tables);
  const isTopic = isMessages(data?.messages) && ('exportedAt' in data || 'version' in data);
  return isTopic ? [topic(data.title, data.messages)] : null;
}

/** @param {any} value */
const isMessages = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => typeof one?.role === 'string' && 'content' in one);

/** Whether this is one of `lobeChats`.
    @param {any} one */
export const isLobeChat = ({ calls }) => calls instanceof Map;

/** @param {unknown} title
    @param {any[]} messages
    @param {any[]} [plugins]
    @returns {Topic} */
const topic = (title, messages, plugins = []) => ({
  title,
  messages,
  calls: new Map(plugins.map((one) => [one.id, one])),
});

/** @param {any} tables */
function byTopic({ messages, topics, sessions, messagePlugins }) {
  const names = new Map(objects(topics).map(({ id, title }) => [id, title]));
  for (const { id, title, meta } of objects(sessions)) names.set(id, title ?? meta?.title);
  /** @type {Map<unknown, any[]>} */
  const groups = new Map();
  for (const one of objects(messages)) {
    const place = one.topicId ?? one.topic_id ?? one.sessionId ?? one.session_id ?? '';
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place)?.push(one);
  }
  const plugins = objects(messagePlugins);
  return [...groups].map(([place, said]) => topic(names.get(place) ?? '', said, plugins));
}

/** @param {Topic} one
    @returns {Unread} */
export function fromLobeChat({ title, messages, calls }) {
  const all = messages.map((one) => message(one, calls)).sort((one, other) => one.at - other.at);
  // Older versions name what an answer answers, and nothing above a question.
  const isTree = all.filter(({ role, parent }) => role === 'user' && parent).length > 0;
  const said = isTree ? all : inLine(all);
  return {
    chat: { title, createdAt: all[0]?.at, updatedAt: all.at(-1)?.at },
    messages: said,
    current: said.at(-1)?.id,
  };
}

/** @param {any} one
    @param {Map<unknown, any>} plugins */
function message(one, plugins) {
  const { id, role, content, reasoning } = one;
  const basic = {
    id,
    role,
    parent: one.parentId ?? one.parent_id ?? null,
    at: millis(one.createdAt ?? one.created_at),
    content: string(content),
  };
  if (role === 'tool') {
    const callId = one.tool_call_id ?? plugins.get(id)?.toolCallId;
    return { ...basic, callId };
  }
  if (role !== 'assistant') return basic;
  const parts = withThoughts(content);
  const calls = objects(one.tools).map((tool) => ({
    id: tool.id,
    function: { name: string(tool.apiName) || '?', arguments: parsed(tool.arguments) },
  }));
  return {
    ...basic,
    model: one.model ?? one.extra?.fromModel ?? one.fromModel,
    content: parts.at(-1)?.text,
    thinking: string(reasoning?.content) || (parts.length > 1 ? parts[0].text : ''),
    thinkingMs: reasoning?.duration,
    toolCalls: calls,
    ...(calls.length > 0 && { toolResults: calls.map(() => '') }),
  };
}
