// One answer while it is written: sends the chat, follows its frames, and says in which phase it is.

import { emptyFailure, failureOf, lostFailure } from './failure.js';

const LOOK_MS = 1_000;

/**
 * Fires `phase` when `phase` changed (connecting, loading, reading, thinking, writing, ended) and
 * `text` when the message grew. It writes into `message`: content, thinking, thinkingMs, state
 * (running, done, stopped, failed), failure, facts.
 */
export class Reply extends EventTarget {
  phase = 'connecting';
  startedAt = performance.now();
  #stopped = false;
  #clock = 0;
  #thinkingSince = null;
  #firstMs = null;

  constructor(message, { socket, models }) {
    super();
    this.message = message;
    this.socket = socket;
    this.models = models;
    this.ended = new Promise((resolve) => { this.resolve = resolve; });
  }

  /** Sends the chat. `request` as in a chat frame. Ends by `ended`, however it ends. */
  async run(request) {
    this.message.state = 'running';
    try {
      await this.socket.chat(this.message.id, request, (frame) => this.#hear(frame));
    } catch (refused) {
      this.message.failure = await this.socket.diagnose(refused);
      this.#end('failed');
      return;
    }
    if (this.#stopped) {
      this.socket.cancel(this.message.id);
    } else if (this.phase === 'connecting') {
      this.#enter(this.models.isLoaded(request.model) ? 'reading' : 'loading');
      this.#clock = setTimeout(() => this.#look(request.model), LOOK_MS);
    }
  }

  /** Asks for the end; what has come stays. */
  stop() {
    this.#stopped = true;
    this.socket.cancel(this.message.id);
    if (this.phase !== 'connecting') this.#end('stopped');
  }

  /** Until the first word: is the model in memory by now? */
  async #look(model) {
    if (this.phase !== 'loading') return;
    await this.models.lookAtMemory();
    if (this.phase !== 'loading') return;
    if (this.models.isLoaded(model)) this.#enter('reading');
    else this.#clock = setTimeout(() => this.#look(model), LOOK_MS);
  }

  #hear(frame) {
    if (this.phase === 'ended') return;
    if (frame.type === 'delta') this.#grow(frame);
    else if (frame.type === 'done') this.#done(frame);
    else if (frame.type === 'error') this.#fail(failureOf(frame, this.message.model));
    else if (frame.type === 'lost') this.#fail(lostFailure(frame));
  }

  #grow({ content, thinking, tool_calls: calls }) {
    this.#firstMs ??= performance.now() - this.startedAt;
    if (thinking) {
      this.#thinkingSince ??= performance.now();
      this.message.thinking = (this.message.thinking ?? '') + thinking;
      this.#enter('thinking');
    }
    if (calls) this.message.toolCalls = [...(this.message.toolCalls ?? []), ...calls];
    if (content) {
      this.#endThinking();
      this.message.content += content;
      this.#enter('writing');
    }
    this.dispatchEvent(new Event('text'));
  }

  #endThinking() {
    if (this.#thinkingSince === null || this.message.thinkingMs !== undefined) return;
    this.message.thinkingMs = performance.now() - this.#thinkingSince;
  }

  #done({ reason, usage, timings }) {
    const { content, thinking, toolCalls, model } = this.message;
    this.message.facts = { reason, usage, timings, firstMs: this.#firstMs };
    if (this.#stopped || reason === 'cancelled') this.#end('stopped');
    else if (!content && !thinking && !toolCalls) this.#fail(emptyFailure(model));
    else this.#end('done');
  }

  #fail(failure) {
    if (this.#stopped) {
      this.#end('stopped');
      return;
    }
    this.message.failure = failure;
    this.#end('failed');
  }

  #end(state) {
    if (this.phase === 'ended') return;
    clearTimeout(this.#clock);
    this.#endThinking();
    this.message.state = state;
    this.#enter('ended');
    this.resolve(state);
  }

  #enter(phase) {
    if (this.phase === phase) return;
    this.phase = phase;
    this.dispatchEvent(new Event('phase'));
  }
}
