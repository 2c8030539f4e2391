// Chats out of files: our own export and Open WebUI's. A file can hold anything, so every field is
// read by its type, and what has another is left out.

import { FORMAT } from './export_file.js';
import { namesFunction } from '../net/chat_request.js';
import { isGood } from '../settings/options.js';
import { newId } from '../ui/ids.js';
import { fromOpenWebUi } from './open_webui.js';

/** @import { Facts, Message, StoredChat } from '../types.js' */

/** @typedef {{ chat: any, messages: any[] }} Unread a chat in a file, whose fields can hold anything */

/** @type {unknown[]} */
const STATES = ['done', 'stopped', 'failed', 'interrupted'];
const TITLE_LENGTH = 200;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The chats in a file's text as `{ chats: [{ chat, messages }], skipped }`, with new ids, so that
    nothing on the device is overwritten. `skipped` counts those that could not be read. Throws where
    no chat can.
    @param {string} json */
export function readChats(json) {
  const data = JSON.parse(json);
  const [all, shape] = data.format === FORMAT ? [data.chats, own] : [data, fromOpenWebUi];
  const given = Array.isArray(all) ? all : [all];
  const chats = given.flatMap((one) => attempt(() => renewed(shape(one))));
  if (chats.length === 0) throw new Error('no chats');
  return { chats, skipped: given.length - chats.length };
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

/** @param {any} one
    @returns {Unread} */
function own({ chat, messages }) {
  return { chat: object(chat), messages: list(messages) };
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
    },
    messages: said.map((message) => ({
      ...read(message),
      chat: id,
      id: again(message.id) ?? newId(),
      parent: again(message.parent),
      shown: again(message.shown),
    })),
  };
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
function read(message) {
  const { role, state, facts } = message;
  /** @type {Omit<Message, 'chat' | 'id' | 'parent' | 'shown'>} */
  const kept = { role, at: time(message.at), content: text(message.content) };
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
