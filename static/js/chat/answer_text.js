// What a model says, put into the message it makes: words, thoughts (also those between think tags)
// and calls of tools. Knows nothing of where the pieces come from.

import { namesFunction } from '../net/chat_request.js';
import { ThinkTags } from './think_tags.js';

/** @import { Message, ResumePlace, ToolCall } from '../types.js' */

/** @typedef {{ content?: string, thinking?: string, tool_calls?: ToolCall[] }} Piece */

export class AnswerText {
  /** @type {ThinkTags | null} */
  #tags;
  /** @type {number | null} */
  #thinkingSince = null;
  #message;
  #onPhase;

  /** `onPhase` hears what the model does with each piece: `thinking` or `writing`.
      @param {Message} message
      @param {(phase: 'thinking' | 'writing') => void} onPhase */
  constructor(message, onPhase) {
    this.#message = message;
    this.#onPhase = onPhase;
    this.#tags = message.content ? null : new ThinkTags();
  }

  /** Goes on where an earlier page was.
      @param {ResumePlace['tags']} tags its place in the tags */
  resumeAt(tags) {
    this.#tags = tags ? new ThinkTags(tags) : null;
  }

  /** The place in the tags, for a later page to go on from. */
  get place() {
    return this.#tags?.place;
  }

  /** @param {Piece} piece */
  add({ content, thinking, tool_calls: calls }) {
    const message = this.#message;
    if (thinking) this.#think(thinking);
    if (calls) message.toolCalls = [...(message.toolCalls ?? []), ...calls.filter(namesFunction)];
    if (content) this.#say(this.#tags ? this.#tags.feed(content) : { content });
  }

  /** Nothing more comes in pieces: what was held back because it might have become a tag is said. */
  flush() {
    if (this.#tags) this.#say(this.#tags.close());
    this.#tags = null;
  }

  /** The answer is over. */
  close() {
    this.flush();
    this.#endThinking();
  }

  /** @param {{ content: string, thinking?: string }} words */
  #say({ content, thinking }) {
    if (thinking) this.#think(thinking);
    if (!content) return;
    this.#endThinking();
    this.#message.content += content;
    this.#onPhase('writing');
  }

  /** @param {string} thinking */
  #think(thinking) {
    this.#thinkingSince ??= performance.now();
    this.#message.thinking = (this.#message.thinking ?? '') + thinking;
    this.#onPhase('thinking');
  }

  #endThinking() {
    if (this.#thinkingSince === null || this.#message.thinkingMs !== undefined) return;
    this.#message.thinkingMs = performance.now() - this.#thinkingSince;
  }
}
