// Has a model sum up what was said, apart from the chat.

import { canThink } from '../models/capabilities.js';
import { asRequest } from '../net/chat_request.js';
import { t } from '../ui/i18n.js';
import { messageTokens } from './estimate.js';
import { Reply } from './reply.js';

/** @import { Message } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Transport } from '../net/transport.js' */

// Of the context, for what is summed up at once; the rest is for the summary.
const SHARE = 0.6;

export class Aside {
  /** @type {Reply | null} */
  #reply = null;
  #stopped = false;

  /** @param {{ transport: Transport, models: Models }} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** A summary of `said`; null where it was stopped or failed. What is longer than `limit` tokens is
      summed up a part at a time, each with the summary of those before.
      @param {Message[]} said
      @param {{ model: string, limit: number | null, factor: number, before?: string }} how */
  async summary(said, { model, limit, factor, before = '' }) {
    this.#stopped = false;
    let sum = before;
    for (const part of inParts(said, (limit ?? Infinity) * SHARE, factor)) {
      const words = asRequest(part, { sees: false }).map(
        ({ role, content }) => `${role}: ${content}`,
      );
      const so = sum ? [t('summary.before', { text: sum })] : [];
      sum = (await this.ask(model, [t('summary.ask'), ...so, ...words].join('\n\n'))) ?? '';
      if (!sum) return null;
    }
    return sum || null;
  }

  /** What a model says to `content`; null where it was stopped or failed.
      @param {string} model
      @param {string} content
      @returns {Promise<string | null>} */
  async ask(model, content) {
    if (this.#stopped) return null;
    const message = /** @type {Message} */ ({ role: 'assistant', content: '', model });
    this.#reply = new Reply(message, this.parts);
    const thinks = canThink(this.parts.models.find(model));
    const messages = [{ role: /** @type {const} */ ('user'), content }];
    this.#reply.run({ model, messages, ...(thinks && { think: false }) });
    const state = await this.#reply.ended;
    return state === 'done' ? message.content.trim() || null : null;
  }

  stop() {
    this.#stopped = true;
    this.#reply?.stop();
  }
}

/** @param {Message[]} said
    @param {number} room
    @param {number} factor */
function inParts(said, room, factor) {
  /** @type {Message[][]} */
  const parts = [];
  let left = 0;
  for (const message of said) {
    const tokens = messageTokens(message, factor);
    if (parts.length === 0 || tokens > left) {
      parts.push([]);
      left = room;
    }
    parts.at(-1)?.push(message);
    left -= tokens;
  }
  return parts;
}
