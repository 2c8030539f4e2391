// Messages of a conversation as a chat is asked with them. Pure.

/** @import { Message, OllamaMessage, TextFile, ToolCall } from '../types.js' */
/** Whether a tool, or a call of one, names its function; a model, or a file, can hold anything.
    @param {any} call
    @returns {call is ToolCall} */
export const namesFunction = (call) => typeof call?.function?.name === 'string';

/** What a model is given of a chat: the messages after the last summary, and that summary.
    @param {Message[]} said */
export function afterSummary(said) {
  const last = said.findLastIndex(({ summary }) => summary);
  return { summary: said[last]?.summary ?? '', messages: said.slice(last + 1) };
}

/** Messages as Ollama's /api/chat takes them. Answers that never began are left out, and so are
    calls of tools that were not answered. `sees`: whether the model is given the images.
    @param {Message[]} messages
    @param {{ system?: string, sees?: boolean }} [how]
    @returns {OllamaMessage[]} */
export function asRequest(messages, { system = '', sees = true } = {}) {
  const said = messages.flatMap((message) =>
    message.role === 'user' ? [asked(message, sees)] : answered(message),
  );
  return system ? [{ role: 'system', content: system }, ...said] : said;
}

/** @param {Message} message
    @param {boolean} sees
    @returns {OllamaMessage} */
function asked({ content, images = [], files = [] }, sees) {
  const words = [...files.map(fenced), content].join('\n\n');
  return { role: 'user', content: words, ...(sees && images.length > 0 && { images }) };
}

/** @param {Message} message
    @returns {OllamaMessage[]} */
function answered({ content, toolCalls = [], toolResults = [] }) {
  if (toolCalls.length === 0 || toolResults.length === 0)
    return content ? [{ role: 'assistant', content }] : [];
  /** @type {OllamaMessage[]} */
  const results = toolCalls.map((call, index) => ({
    role: 'tool',
    tool_name: call.function.name,
    content: toolResults[index] ?? '',
  }));
  return [{ role: 'assistant', content, tool_calls: toolCalls }, ...results];
}

/** A text file as part of the words, in a fence longer than any inside it.
    @param {TextFile} file */
function fenced({ name, text }) {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${name}\n${fence}\n${text.trimEnd()}\n${fence}`;
}
