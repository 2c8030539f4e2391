// Chats as files: JSON that can be read back (import_file.js), Markdown for people.

import { dataUrl } from '../ui/data_url.js';
import { rowsOf } from './beside.js';
import { Conversation } from './conversation.js';

/** @import { Message, StoredChat } from '../types.js' */

export const FORMAT = 'tornado-ollama/chats';
const VERSION = 1;

/** The JSON text of stored chats (`{ chat, messages }` each).
    @param {StoredChat[]} stored */
export function asJson(stored) {
  return JSON.stringify({ format: FORMAT, version: VERSION, chats: stored }, null, 2);
}

/** @typedef {{ user: string, thoughts: string, called: string, result: string, image: string }} Names
    what parts of a chat are called */

/** One chat as Markdown, as it is shown: with thoughts, tools, what was attached, and answers that are
    side by side one after the other.
    @param {StoredChat} stored
    @param {Names} names */
export function asMarkdown(stored, names) {
  const turns = rowsOf(new Conversation(stored))
    .flat()
    .map((message) => {
      const who = message.role === 'user' ? names.user : message.model;
      return [`## ${who}`, ...parts(message, names)].filter(Boolean).join('\n\n');
    });
  return `${[`# ${stored.chat.title}`, ...turns].join('\n\n')}\n`;
}

/** @param {Message} message
    @param {Names} names */
function parts({ content, thinking, images = [], files = [], toolCalls = [], toolResults }, names) {
  return [
    ...images.map((image) => `![${names.image}](${dataUrl(image)})`),
    ...files.map(({ name, text }) => `**${name}**\n\n${fenced(text)}`),
    thinking && `> **${names.thoughts}**\n>\n${thinking.trim().replaceAll(/^/gm, '> ')}`,
    content,
    ...toolCalls.flatMap(({ function: { name, arguments: given } }, index) => [
      `**${names.called} \`${name}\`**\n\n${fenced(JSON.stringify(given, null, 2) ?? '', 'json')}`,
      toolResults?.[index] && `**${names.result}**\n\n${fenced(toolResults[index])}`,
    ]),
  ];
}

/** A block of code, whose fence is longer than any in it.
    @param {string} text
    @param {string} [language] */
function fenced(text, language = '') {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
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
