// One answer while it is written: sends the chat, follows its frames, and says in which phase it is.

import { emptyFailure, failureOf, lostFailure } from '../net/failure.js';
import { newId } from '../ui/ids.js';
import { AnswerText } from './answer_text.js';
import { MemoryWatch } from './memory_watch.js';
import { ChatRefused } from '../net/transport.js';

/** @import { ChatRequest, DeltaFrame, DoneFrame, Failure, Frame, LostFrame, Message, MessageState, ResumePlace, Way } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Transport } from '../net/transport.js' */

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
  /** @type {number | null} */
  #firstMs = null;
  /** @type {Way} */
  #way = 'socket';
  #before = 'connecting';
  #resumed = false;
  #text;
  #memory;
  #earlierTokens;

  /** @param {Message} message
      @param {{ transport: Transport, models: Models }} parts */
  constructor(message, { transport, models }) {
    super();
    this.message = message;
    this.#text = new AnswerText(message, (phase) => this.#enter(phase));
    this.#memory = new MemoryWatch(models, message.model ?? '', (phase) => this.#enter(phase));
    this.#earlierTokens = message.facts?.usage?.completion_tokens ?? 0;
    this.transport = transport;
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
    if (this.phase === 'connecting') this.#memory.start();
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
    this.#text.resumeAt(tags);
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
    this.#memory.stop();
    this.place = position;
    this.#notePlace({ place: position });
    if (position === 0) this.#memory.start();
    else if (this.phase === 'queued') this.dispatchEvent(new Event('phase'));
    else this.#enter('queued');
  }

  #wait() {
    this.#before = this.phase;
    this.#enter('reconnecting');
  }

  #comeBack() {
    if (this.#before === 'loading' || this.#before === 'connecting') this.#memory.start();
    else this.#enter(this.#before);
  }

  /** Lost for good. What an earlier page began is merely marked: its reader had left.
      @param {LostFrame} frame */
  #lose(frame) {
    if (this.#resumed) this.#end('interrupted');
    else this.#fail(lostFailure(frame));
  }

  /** @param {DeltaFrame} frame */
  #grow(frame) {
    if (!this.#resumed) this.#firstMs ??= performance.now() - this.#startedAt;
    this.#text.add(frame);
    this.#notePlace({ tags: this.#text.place });
    this.dispatchEvent(new Event('text'));
  }

  /** @param {DoneFrame} frame */
  #done({ reason, usage, timings }) {
    this.#text.flush();
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
    this.#text.close();
    this.message.state = state;
    delete this.message.resume;
    this.#enter('ended');
    this.resolve(state);
  }

  /** @param {string} phase */
  #enter(phase) {
    if (phase !== 'loading') this.#memory.stop();
    if (this.phase === phase) return;
    this.phase = phase;
    this.phaseAt = performance.now();
    this.dispatchEvent(new Event('phase'));
  }
}
