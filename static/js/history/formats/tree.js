// Chats of other programs as trees of questions and answers alone: what tools gave goes to the answer
// that called them, thoughts on their own go to the answer they led to.

/** @import { Unread } from './parts.js' */

/** @param {Unread} unread
    @returns {Unread} */
export function settled({ chat, messages, current }) {
  const nodes = new Map(messages.map((message) => [message.id, { ...message, shown: null }]));
  const all = [...nodes.values()];
  for (const node of all) if (node.role === 'tool') takeResult(node, nodes);
  for (const node of all) takeThoughts(node, nodes);
  const kept = all.filter(isSaid);
  const known = new Set(kept.map(({ id }) => id));
  const above = climber(nodes, known);
  for (const node of kept) node.parent = above(node.parent);
  let at = known.has(current) ? current : above(current);
  const seen = new Set();
  for (let node = nodes.get(at); node && !seen.has(at); node = nodes.get(at)) {
    seen.add(at);
    const parent = nodes.get(node.parent);
    if (parent) parent.shown = at;
    else chat.shown = at;
    at = node.parent;
  }
  return { chat, messages: kept };
}

/** @param {any} node */
const isSaid = ({ role, content, thinking, toolCalls, images, files }) =>
  (role === 'user' || role === 'assistant') &&
  Boolean(content || thinking || toolCalls?.length || images?.length || files?.length);

/** A function that gives the id of the nearest message that is kept, from `id` upwards; null for none.
    @param {Map<unknown, any>} nodes
    @param {Set<unknown>} kept */
function climber(nodes, kept) {
  const found = new Map();
  /** @param {unknown} id */
  return (id) => {
    const passed = new Set();
    let at = id;
    while (!kept.has(at) && nodes.has(at) && !found.has(at) && !passed.has(at)) {
      passed.add(at);
      at = nodes.get(at).parent;
    }
    const end = kept.has(at) ? at : (found.get(at) ?? null);
    for (const one of passed) found.set(one, end);
    return end;
  };
}

/** What a tool gave, to the call above it that has the id, or else to the first without a result.
    @param {any} node
    @param {Map<unknown, any>} nodes */
function takeResult(node, nodes) {
  let at = nodes.get(node.parent);
  while (at?.role === 'tool') at = at === node ? null : nodes.get(at.parent);
  const calls = at?.toolCalls;
  if (!Array.isArray(calls) || calls.length === 0) return;
  at.answered ??= calls.map(() => false);
  at.toolResults ??= calls.map(() => '');
  const named = calls.findIndex(({ id }) => id && id === node.callId);
  const index = named >= 0 ? named : at.answered.indexOf(false);
  if (index < 0) return;
  at.toolResults[index] = at.answered[index]
    ? `${at.toolResults[index]}\n${node.content}`
    : node.content;
  at.answered[index] = true;
}

/** @param {any} node
    @param {Map<unknown, any>} nodes */
function takeThoughts(node, nodes) {
  if (node.role !== 'assistant' || node.isThought) return;
  let at = nodes.get(node.parent);
  const thoughts = [];
  for (let seen = 0; at?.isThought && seen < nodes.size; seen += 1) {
    thoughts.unshift(at.thinking);
    node.thinkingMs = (node.thinkingMs || 0) + (at.thinkingMs || 0);
    at.role = 'thought';
    at = nodes.get(at.parent);
  }
  if (thoughts.length > 0)
    node.thinking = [...thoughts, node.thinking].filter(Boolean).join('\n\n');
}
