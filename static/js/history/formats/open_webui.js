// Chats of Open WebUI's export in our own shape.

import { answersOf, callPart, imageOf, millis, objects, parsed, string } from './parts.js';

/** @import { Part, Unread } from './parts.js' */

// Thoughts and calls of tools stand in the answer as HTML, with what is in them escaped.
const OPENING = /(?:^|\n)\s*<details type="(reasoning|tool_calls|code_interpreter)"([^>]*)>/g;
const CLOSING = '</details>';
const SUMMARY = /^\s*<summary>[^<]*<\/summary>/;
/** @type {Record<string, string>} */
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };

/** Whether this is a chat of Open WebUI's.
    @param {any} one */
export const isOpenWebUi = ({ chat }) => typeof chat?.history === 'object' && chat.history !== null;

/** One chat, `{ chat: { title, history: { messages, currentId } } }`. Throws where it has no messages.
    @param {any} one
    @returns {Unread} */
export function fromOpenWebUi({ chat: { title, history }, pinned }) {
  const messages = objects(Object.values(history.messages)).flatMap(message);
  const at = Math.max(0, ...messages.map((one) => one.at)) || Date.now();
  return {
    chat: { title, createdAt: at, updatedAt: at, pinned },
    messages,
    current: history.currentId,
  };
}

/** @param {any} node */
function message(node) {
  const inside = Array.isArray(node.content)
    ? objects(node.content)
    : [{ type: 'text', text: node.content }];
  const words = inside
    .filter(({ type, text }) => type === 'text' && typeof text === 'string')
    .map(({ text }) => text)
    .join('\n');
  const basic = { ...node, parent: node.parentId, at: millis(node.timestamp) };
  if (node.role === 'assistant') {
    const output = objects(node.output);
    return answersOf(basic, output.length > 0 ? fromOutput(output) : fromHtml(words));
  }
  const pictures = [
    ...objects(node.files).filter(({ type }) => type === 'image'),
    ...inside.filter(({ type }) => type === 'image_url').map(({ image_url: image }) => image),
  ];
  const files = objects(node.files).filter(({ file }) => file?.data?.content);
  return [
    {
      ...basic,
      content: words,
      images: pictures.map((image) => imageOf(image?.url)),
      files: files.map(({ name, file }) => ({
        name: name ?? file.filename,
        text: file.data.content,
      })),
    },
  ];
}

/** @param {string} words
    @returns {Part[]} */
function fromHtml(words) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  OPENING.lastIndex = 0;
  for (let found = OPENING.exec(words); found; found = OPENING.exec(words)) {
    const end = words.indexOf(CLOSING, OPENING.lastIndex);
    if (end < 0) break;
    const inside = words.slice(OPENING.lastIndex, end).replace(SUMMARY, '');
    parts.push({ kind: 'text', text: words.slice(at, found.index) });
    parts.push(detail(found[1], attributes(found[2]), unescaped(inside)));
    at = end + CLOSING.length;
    OPENING.lastIndex = at;
  }
  parts.push({ kind: 'text', text: words.slice(at) });
  return parts.filter(({ kind, text }) => kind !== 'text' || text?.trim());
}

/** @param {string} type
    @param {Record<string, string>} given
    @param {string} inside
    @returns {Part} */
function detail(type, given, inside) {
  if (type === 'reasoning') {
    const ms = Number(given.duration) * 1000 || 0;
    return { kind: 'thoughts', text: inside.replace(/^> ?/gm, '').trim(), ms };
  }
  if (type === 'code_interpreter') return callPart(type, { code: inside.trim() }, given.output);
  const result = parsed(given.result || inside.trim());
  return callPart(
    given.name,
    given.arguments,
    typeof result === 'string' ? result : JSON.stringify(result, null, 2),
  );
}

/** What newer versions keep instead of HTML.
    @param {any[]} output
    @returns {Part[]} */
function fromOutput(output) {
  const results = new Map(
    output
      .filter(({ type }) => type === 'function_call_output')
      .map((one) => [one.call_id, texts(one.output)]),
  );
  /** @type {Part[]} */
  const parts = [];
  for (const one of output) {
    if (one.type === 'reasoning')
      parts.push({
        kind: 'thoughts',
        text: texts(one.content) || texts(one.summary),
        ms: Number(one.duration) * 1000 || 0,
      });
    else if (one.type === 'function_call')
      parts.push(callPart(one.name, one.arguments, results.get(one.call_id)));
    else if (one.type === 'message') parts.push({ kind: 'text', text: texts(one.content) });
  }
  return parts;
}

/** @param {unknown} list
    @returns {string} */
const texts = (list) =>
  typeof list === 'string'
    ? list
    : objects(list)
        .map(({ text }) => string(text))
        .join('\n');

/** @param {string} text
    @returns {Record<string, string>} */
const attributes = (text) =>
  Object.fromEntries(
    [...text.matchAll(/\b(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value)]),
  );

/** @param {string} text */
const unescaped = (text) =>
  text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name) => ENTITIES[name]);
