// One answer while it is written: sends the chat, follows its frames, and says in which phase it is.

import { namesFunction } from '../net/chat_request.js';
import { emptyFailure, failureOf, lostFailure } from '../net/failure.js';
import { newId } from '../ui/ids.js';
import { ThinkTags } from './think_tags.js';
import { ChatRefused } from '../net/transport.js';

/** @import { ChatRequest, DeltaFrame, DoneFrame, Failure, Frame, LostFrame, Message, MessageState, ResumePlace, Way } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Transport } from '../net/transport.js' */

const LOOK_MS = 1_000;

/**
 * Fires `phase` when `phase` changed (connecting, queued, loading, reading, thinking, writing,
 * reconnecting, ended), `text` when the message grew, and `start` when the gateway has taken it. It
 * writes into `message`: content, thinking, thinkingMs, toolCalls, state (running, done, stopped,
 * failed, interrupted), failure, facts, and in `resume` the place in the stream, so that another
 * page can go on from it.
 */
export class Reply extends EventTarget {
  phase = 'connecting';
  /** Since when, as `performance.now()` tells. */
  phaseAt = performance.now();
  /** In the gateway's queue, while `phase` is queued; 1 is the next. */
  place = 0;
  // Not the message's: one that is stopped and written on has two of them under way for a moment.
  #id = newId();
  #startedAt = performance.now();
  #stopped = false;
  #clock = 0;
  /** @type {object | null} */
  #look = null;
  /** @type {number | null} */
  #thinkingSince = null;
  /** @type {number | null} */
  #firstMs = null;
  /** @type {Way} */
  #way = 'socket';
  #before = 'connecting';
  #resumed = false;
  /** @type {ThinkTags | null} */
  #tags;
  #earlierTokens;

  /** @param {Message} message
      @param {{ transport: Transport, models: Models }} parts */
  constructor(message, { transport, models }) {
    super();
    this.message = message;
    this.#tags = message.content ? null : new ThinkTags();
    this.#earlierTokens = message.facts?.usage?.completion_tokens ?? 0;
    this.transport = transport;
    this.models = models;
    this.ended = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Sends the chat. `request` as in a chat frame. Ends by `ended`, however it ends.
      @param {ChatRequest} request */
  async run(request) {
    try {
      this.#way = await this.transport.chat(this.#id, request, (frame) => this.#hear(frame));
    } catch (refused) {
      this.#fail(
        refused instanceof ChatRefused ? refused.failure : failureOf({ status: 0, message: '' }),
      );
      return;
    }
    if (this.phase === 'connecting') this.#atOllama();
  }

  /** Goes on with an answer that an earlier page began. */
  async resume() {
    const { resume } = this.message;
    if (!resume) {
      this.#end('interrupted');
      return;
    }
    const { id, place = 0, tags } = resume;
    this.#resumed = true;
    this.#id = id;
    this.#tags = tags ? new ThinkTags(tags) : null;
    this.place = place;
    this.#before = this.message.content ? 'writing' : this.place ? 'queued' : 'reading';
    this.#enter('reconnecting');
    try {
      await this.transport.resume(id, resume, (frame) => this.#hear(frame));
    } catch {
      this.#end('interrupted');
    }
  }

  /** Asks for the end; what has come stays. */
  stop() {
    this.#stopped = true;
    this.transport.cancel(this.#id);
    this.#end('stopped');
  }

  /** It is Ollama's turn. Until the first word: is the model in memory, or on its way there? What was
      known before may have been unloaded since, so it is looked at now. */
  async #atOllama() {
    clearTimeout(this.#clock);
    const look = {};
    this.#look = look;
    await Promise.race([
      this.models.lookAtMemory(),
      new Promise((late) => {
        setTimeout(late, LOOK_MS);
      }),
    ]);
    if (this.#look !== look) return;
    if (this.models.isLoaded(this.message.model ?? '')) {
      this.#enter('reading');
      return;
    }
    this.#enter('loading');
    this.#clock = setTimeout(() => this.#atOllama(), LOOK_MS);
  }

  /** @param {Frame} frame */
  #hear(frame) {
    if (this.phase === 'ended') return;
    if (frame.type === 'start' && frame.stream)
      this.message.resume = { id: this.#id, stream: frame.stream };
    if (frame.seq) this.#notePlace({ seq: frame.seq });
    if (frame.type === 'start') this.dispatchEvent(new Event('start'));
    if (frame.type === 'delta') this.#grow(frame);
    else if (frame.type === 'queued') this.#queue(frame);
    else if (frame.type === 'waiting') this.#wait();
    else if (frame.type === 'back') this.#comeBack();
    else if (frame.type === 'done') this.#done(frame);
    else if (frame.type === 'error') this.#fail(failureOf(frame, this.message.model));
    else if (frame.type === 'lost') this.#lose(frame);
  }

  /** Anew each time: what is being stored just now keeps the place that its words reach to.
      @param {Partial<ResumePlace>} fields */
  #notePlace(fields) {
    if (this.message.resume) this.message.resume = { ...this.message.resume, ...fields };
  }

  /** @param {{ position: number }} frame */
  #queue({ position }) {
    clearTimeout(this.#clock);
    this.place = position;
    this.#notePlace({ place: position });
    if (position === 0) this.#atOllama();
    else if (this.phase === 'queued') this.dispatchEvent(new Event('phase'));
    else this.#enter('queued');
  }

  #wait() {
    this.#before = this.phase;
    this.#enter('reconnecting');
  }

  #comeBack() {
    if (this.#before === 'loading' || this.#before === 'connecting') this.#atOllama();
    else this.#enter(this.#before);
  }

  /** Lost for good. What an earlier page began is merely marked: its reader had left.
      @param {LostFrame} frame */
  #lose(frame) {
    if (this.#resumed) this.#end('interrupted');
    else this.#fail(lostFailure(frame));
  }

  /** @param {DeltaFrame} frame */
  #grow({ content, thinking, tool_calls: calls }) {
    if (!this.#resumed) this.#firstMs ??= performance.now() - this.#startedAt;
    if (thinking) this.#think(thinking);
    if (calls)
      this.message.toolCalls = [...(this.message.toolCalls ?? []), ...calls.filter(namesFunction)];
    if (content) this.#say(this.#tags ? this.#tags.feed(content) : { content });
    this.#notePlace({ tags: this.#tags?.place });
    this.dispatchEvent(new Event('text'));
  }

  /** @param {{ content: string, thinking?: string }} words */
  #say({ content, thinking }) {
    if (thinking) this.#think(thinking);
    if (!content) return;
    this.#endThinking();
    this.message.content += content;
    this.#enter('writing');
  }

  /** What was held back because it might have become a tag. */
  #sayRest() {
    if (this.#tags) this.#say(this.#tags.close());
    this.#tags = null;
  }

  /** @param {string} thinking */
  #think(thinking) {
    this.#thinkingSince ??= performance.now();
    this.message.thinking = (this.message.thinking ?? '') + thinking;
    this.#enter('thinking');
  }

  #endThinking() {
    if (this.#thinkingSince === null || this.message.thinkingMs !== undefined) return;
    this.message.thinkingMs = performance.now() - this.#thinkingSince;
  }

  /** @param {DoneFrame} frame */
  #done({ reason, usage, timings }) {
    this.#sayRest();
    const { content, thinking, toolCalls, model = '' } = this.message;
    // Of one that is written on, the part before counts too.
    const written = usage && {
      ...usage,
      completion_tokens: usage.completion_tokens + this.#earlierTokens,
    };
    this.message.facts = {
      reason,
      usage: written,
      timings,
      firstMs: this.#firstMs,
      way: this.#way,
    };
    if (this.#stopped || reason === 'cancelled') this.#end('stopped');
    else if (!content && !thinking && !toolCalls) this.#fail(emptyFailure(model));
    else this.#end('done');
  }

  /** @param {Failure} failure */
  #fail(failure) {
    if (this.#stopped) {
      this.#end('stopped');
      return;
    }
    this.message.failure = failure;
    this.#end('failed');
  }

  /** @param {MessageState} state */
  #end(state) {
    if (this.phase === 'ended') return;
    clearTimeout(this.#clock);
    this.#sayRest();
    this.#endThinking();
    this.message.state = state;
    delete this.message.resume;
    this.#enter('ended');
    this.resolve(state);
  }

  /** @param {string} phase */
  #enter(phase) {
    clearTimeout(this.#clock);
    this.#look = null; // what is found now is of a phase that is over
    if (this.phase === phase) return;
    this.phase = phase;
    this.phaseAt = performance.now();
    this.dispatchEvent(new Event('phase'));
  }
}
