// Chats out of files: our own export and Open WebUI's. A file can hold anything, so every field is
// read by its type, and what has another is left out.

import { FORMAT } from './export_file.js';
import { newId } from './ids.js';

const STATES = ['done', 'stopped', 'failed', 'interrupted'];
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The chats in a file's text as `{ chat, messages }`, with new ids, so that nothing on the device
    is overwritten. Throws where it holds none. */
export function readChats(text) {
  const data = JSON.parse(text);
  const chats = data.format === FORMAT ? list(data.chats).map(own) : openWebUi(data);
  if (chats.length === 0) throw new Error('no chats');
  return chats;
}

function own(one) {
  return renewed(object(one.chat), list(one.messages));
}

/** Open WebUI exports a list of `{ chat: { title, history: { messages, currentId } } }`. */
function openWebUi(data) {
  return (Array.isArray(data) ? data : [data]).filter((one) => one?.chat?.history?.messages).map((one) => {
    const { title, history } = one.chat;
    const nodes = new Map(Object.values(history.messages).map(object).map((node) => [node.id, { ...node, shown: null }]));
    for (let at = nodes.get(history.currentId); at && !nodes.get(at.parentId)?.shown; at = nodes.get(at.parentId)) {
      if (nodes.has(at.parentId)) nodes.get(at.parentId).shown = at.id;
    }
    const messages = [...nodes.values()].map((node) => ({
      ...node,
      parent: node.parentId,
      at: number(node.timestamp) * 1000,
      images: list(node.files).filter(({ type }) => type === 'image').map(({ url }) => text(url).split(';base64,')[1]),
      files: [],
    }));
    const at = Math.max(0, ...messages.map((message) => message.at)) || Date.now();
    return renewed({ title, createdAt: at, updatedAt: at, pinned: one.pinned }, messages);
  });
}

function renewed(chat, messages) {
  const said = messages.filter(({ role }) => role === 'user' || role === 'assistant');
  const ids = new Map(said.map((message) => [message.id, newId()]));
  const again = (old) => ids.get(old) ?? null;
  const id = newId();
  return {
    chat: {
      id,
      title: text(chat.title),
      createdAt: number(chat.createdAt),
      updatedAt: number(chat.updatedAt),
      pinned: chat.pinned === true,
      shown: again(chat.shown),
    },
    messages: said.map((message) => ({
      ...read(message),
      chat: id,
      id: again(message.id),
      parent: again(message.parent),
      shown: again(message.shown),
    })),
  };
}

function read(message) {
  const { role, state, facts } = message;
  const kept = { role, at: number(message.at), content: text(message.content) };
  if (role === 'user') {
    kept.images = list(message.images, 'string').filter((image) => BASE64.test(image));
    kept.files = list(message.files).map(({ name, text: inside }) => ({ name: text(name), text: text(inside) }));
    return kept;
  }
  kept.model = text(message.model);
  kept.state = STATES.includes(state) ? state : 'done';
  if (message.thinking) kept.thinking = text(message.thinking);
  if (message.thinkingMs) kept.thinkingMs = number(message.thinkingMs);
  const calls = list(message.toolCalls).filter((call) => typeof call.function?.name === 'string');
  if (calls.length > 0) kept.toolCalls = calls;
  if (Array.isArray(message.toolResults)) kept.toolResults = message.toolResults.map(text);
  if (facts) kept.facts = readFacts(object(facts));
  return kept;
}

function readFacts(facts) {
  const numbers = (table) => Object.fromEntries(Object.entries(object(table)).map(([key, value]) => [key, number(value)]));
  return {
    reason: text(facts.reason),
    usage: numbers(facts.usage),
    timings: numbers(facts.timings),
    firstMs: number(facts.firstMs),
    context: number(facts.context),
  };
}

const text = (value) => (typeof value === 'string' ? value : '');
const number = (value) => (Number.isFinite(value) ? value : 0);
const object = (value) => (typeof value === 'object' && value !== null ? value : {});

function list(value, type = 'object') {
  return Array.isArray(value) ? value.filter((one) => typeof one === type && one !== null) : [];
}
