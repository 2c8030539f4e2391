// Chats of ChatGPT's export (conversations.json, alone or in the archive) in our own shape.

import { t } from '../../ui/i18n.js';
import { imageOf, millis, objects, parsed, string } from './parts.js';

/** @import { Unread } from './parts.js' */

// References to what the model had searched, between characters of the private use area.
const REFERENCES = /\ue200[^\ue201]*\ue201/g;

/** Whether this is a chat of ChatGPT's.
    @param {any} one */
export const isChatGpt = ({ mapping }) => typeof mapping === 'object' && mapping !== null;

/** `imageFor(pointer)`: the base64 of an image that came with the chats.
    @param {any} one
    @param {(pointer: string) => string | undefined} imageFor
    @returns {Unread} */
export function fromChatGpt(one, imageFor) {
  const nodes = objects(Object.values(one.mapping));
  return {
    chat: {
      title: one.title,
      createdAt: millis(one.create_time),
      updatedAt: millis(one.update_time ?? one.create_time),
      pinned: one.is_starred,
    },
    current: one.current_node,
    messages: nodes.map((node) => message(node, one.default_model_slug, imageFor)),
  };
}

/** @param {any} node
    @param {unknown} usual the model of answers that name none
    @param {(pointer: string) => string | undefined} imageFor */
function message({ id, parent, message: given }, usual, imageFor) {
  const { author, content, metadata, recipient, create_time: at } = given ?? {};
  const role = metadata?.is_visually_hidden_from_conversation ? 'hidden' : author?.role;
  const basic = { id, parent, role, at: millis(at), content: '' };
  if (!content) return basic;
  if (role === 'user') return { ...basic, ...asked(content, imageFor) };
  if (role !== 'assistant') return { ...basic, content: words(content, imageFor).text };
  return { ...basic, model: metadata?.model_slug ?? usual, ...answer(given, content, recipient) };

  /** @param {any} whole
      @param {any} said
      @param {unknown} to */
  function answer(whole, said, to) {
    if (said.content_type === 'thoughts' || said.content_type === 'reasoning_recap')
      return { isThought: true, thinking: thoughts(said), thinkingMs: seconds(whole.metadata) };
    const { text } = words(said, imageFor);
    if (typeof to !== 'string' || to === 'all') return { content: text };
    return { toolCalls: [{ function: { name: to, arguments: parsed(text) } }], toolResults: [''] };
  }
}

/** @param {any} content
    @param {(pointer: string) => string | undefined} imageFor */
function asked(content, imageFor) {
  const { text, images } = words(content, imageFor);
  return { content: text, images };
}

/** @param {any} content */
const thoughts = ({ thoughts: given }) =>
  objects(given)
    .map(({ summary, content }) => string(content) || string(summary))
    .join('\n\n');

/** @param {any} metadata */
const seconds = (metadata) => Number(metadata?.finished_duration_sec) * 1000 || 0;

/** What is said, and the images in it; what the export does not hold is named.
    @param {any} content
    @param {(pointer: string) => string | undefined} imageFor */
function words({ parts, text, result }, imageFor) {
  /** @type {string[]} */
  const said = [];
  /** @type {string[]} */
  const images = [];
  for (const part of Array.isArray(parts) ? parts : [text ?? result]) {
    if (typeof part === 'string') said.push(part);
    else if (typeof part?.text === 'string') said.push(part.text);
    else if (part?.asset_pointer) {
      const image = imageFor(string(part.asset_pointer)) ?? imageOf(part.asset_pointer);
      if (image) images.push(image);
      else said.push(t('import.noFile'));
    }
  }
  return { text: said.filter(Boolean).join('\n\n').replace(REFERENCES, ''), images };
}
