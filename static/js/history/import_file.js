// Chats out of files: our own export and other programs'. A file can hold anything, so every field is
// read by its type, and what has another is left out.

import { FORMAT } from './export_file.js';
import { isZip } from './zip.js';
import { valuesInText, valuesInZip } from './file_values.js';
import { fromChatGpt, isChatGpt } from './formats/chatgpt.js';
import { chatsOfLines, fromLlamaCpp, isLlamaCpp, isLlamaCppLines } from './formats/llama_cpp.js';
import { fromLibreChat, isLibreChat } from './formats/librechat.js';
import { fromLobeChat, isLobeChat, lobeChats } from './formats/lobe_chat.js';
import { fromOpenWebUi, isOpenWebUi } from './formats/open_webui.js';
import { fromPageAssist, isPageAssist, pageAssistChats } from './formats/page_assist.js';
import { settled } from './formats/tree.js';
import { tagsIn } from './tags.js';
import { namesFunction } from '../net/chat_request.js';
import { isGood } from '../settings/options.js';
import { newId } from '../ui/ids.js';

/** @import { Facts, Message, StoredChat } from '../types.js'
    @import { Unread } from './formats/parts.js'
    @import { Values } from './file_values.js' */

/** Programs whose exports are read, in the words of their makers.*/
export const PROGRAMS =
  'ChatGPT (json, zip), Open WebUI, LibreChat, llama.cpp (jsonl, json, zip), LobeChat, Page Assist';

/** @type {{ is: (one: any) => boolean, read: (one: any, imageFor: Values['imageFor']) => Unread }[]} */
const FORMATS = [
  { is: isChatGpt, read: fromChatGpt },
  { is: isOpenWebUi, read: fromOpenWebUi },
  { is: isLibreChat, read: fromLibreChat },
  { is: isLlamaCpp, read: fromLlamaCpp },
  { is: isPageAssist, read: fromPageAssist },
  { is: isLobeChat, read: fromLobeChat },
];

/** @type {unknown[]} */
const STATES = ['done', 'stopped', 'failed', 'interrupted'];
const TITLE_LENGTH = 200;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The chats in a file as `{ chats: [{ chat, messages }], skipped }`, with new ids, so that nothing on
    the device is overwritten. `skipped` counts those that could not be read. Throws where no chat can:
    the message is `json`, `zip`, `large` or `none`.
    @param {File} file */
export async function readChats(file) {
  /** @type {Values} */
  const { values, imageFor } = (await isZip(file))
    ? await valuesInZip(file)
    : await valuesInText(file);
  const given = values.flatMap(chatsIn);
  const chats = given.flatMap((one) => attempt(() => renewed(read(one, imageFor))));
  if (chats.length === 0) throw new Error('none');
  return { chats, skipped: given.length - chats.length };
}

/** What may be chats in a value: whatever an array holds, or the value itself.
    @param {any} data
    @returns {any[]} */
function chatsIn(data) {
  if (data?.format === FORMAT) return list(data.chats).map((one) => ({ own: one }));
  if (Array.isArray(data) && isLlamaCppLines(data)) return chatsOfLines(data);
  const known = lobeChats(data) ?? pageAssistChats(data);
  return known ?? (Array.isArray(data) ? data : [data]);
}

/** @param {any} one
    @param {Values['imageFor']} imageFor
    @returns {Unread} */
function read(one, imageFor) {
  if (one.own) return { chat: object(one.own.chat), messages: list(one.own.messages) };
  const format = FORMATS.find(({ is }) => is(one));
  if (!format) throw new Error('a chat of no known form');
  return settled(format.read(one, imageFor));
}

/** In a list, or none: a broken chat leaves the others what they are.
    @param {() => StoredChat} reading */
function attempt(reading) {
  try {
    const stored = reading();
    return stored.messages.length > 0 ? [stored] : [];
  } catch {
    return [];
  }
}

/** @param {Unread} one
    @returns {StoredChat} */
function renewed({ chat, messages }) {
  const said = messages.filter(({ role }) => role === 'user' || role === 'assistant');
  const ids = new Map(said.map((message) => [message.id, newId()]));
  /** @param {unknown} old
      @returns {string | null} */
  const again = (old) => ids.get(old) ?? null;
  const id = newId();
  return {
    chat: {
      id,
      title: text(chat.title).slice(0, TITLE_LENGTH),
      createdAt: time(chat.createdAt),
      updatedAt: time(chat.updatedAt),
      pinned: chat.pinned === true,
      shown: again(chat.shown),
      settings: settings(chat.settings),
      second: text(chat.second) || undefined,
      tags: chat.tags ? tagsIn(list(chat.tags, 'string').join()) : undefined,
    },
    messages: said.map((message) => ({
      ...fields(message),
      beside: beside(message, again),
      chat: id,
      id: again(message.id) ?? newId(),
      parent: again(message.parent),
      shown: again(message.shown),
    })),
  };
}

/** The new ids of the answers that are side by side below a message.
    @param {any} message
    @param {(old: unknown) => string | null} again */
function beside(message, again) {
  const answers = list(message.beside, 'string').map(again);
  const known = answers.filter((id) => id !== null);
  return known.length === 2 ? known : undefined;
}

/** Those that the page knows, with values that it takes.
    @param {any} given */
function settings(given) {
  const good = Object.entries(object(given)).filter(
    ([name, value]) => typeof value === 'string' && isGood(name, value),
  );
  return good.length > 0 ? Object.fromEntries(good) : undefined;
}

/** @param {any} message
    @returns {Omit<Message, 'chat' | 'id' | 'parent' | 'shown'>} */
function fields(message) {
  const { role, state, facts } = message;
  /** @type {Omit<Message, 'chat' | 'id' | 'parent' | 'shown'>} */
  const kept = { role, at: time(message.at), content: text(message.content) };
  if (message.edited === true) kept.edited = true;
  if (message.summary) kept.summary = text(message.summary);
  if (role === 'user') {
    kept.images = list(message.images, 'string').filter((image) => BASE64.test(image));
    kept.files = list(message.files).map(({ name, text: inside }) => ({
      name: text(name),
      text: text(inside),
    }));
    return kept;
  }
  kept.model = text(message.model);
  kept.state = STATES.includes(state) ? state : 'done';
  if (message.thinking) kept.thinking = text(message.thinking);
  if (message.thinkingMs) kept.thinkingMs = number(message.thinkingMs);
  const calls = list(message.toolCalls).filter(namesFunction);
  if (calls.length > 0) kept.toolCalls = calls;
  if (Array.isArray(message.toolResults)) kept.toolResults = message.toolResults.map(text);
  if (facts) kept.facts = readFacts(object(facts));
  return kept;
}

/** @param {any} facts
    @returns {Facts} */
function readFacts(facts) {
  /** @param {unknown} table */
  const numbers = (table) =>
    Object.fromEntries(Object.entries(object(table)).map(([key, value]) => [key, number(value)]));
  return {
    reason: text(facts.reason),
    usage: numbers(facts.usage),
    timings: numbers(facts.timings),
    firstMs: number(facts.firstMs),
    context: number(facts.context),
  };
}

/** @param {unknown} value */
const text = (value) => (typeof value === 'string' ? value : '');
/** @param {any} value
    @returns {number} */
const number = (value) => (Number.isFinite(value) ? value : 0);
/** @param {unknown} value */
const time = (value) => Math.min(Math.max(number(value), 0), Date.now());
/** @param {any} value */
const object = (value) => (typeof value === 'object' && value !== null ? value : {});

/** @param {unknown} value
    @param {string} [type]
    @returns {any[]} */
function list(value, type = 'object') {
  return Array.isArray(value) ? value.filter((one) => typeof one === type && one !== null) : [];
}
