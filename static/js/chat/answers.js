// The answers under way, in the chat on the screen and in those behind it. Each is stored as it
// grows, and held by its tab, so that no other takes it up.

import { Reply } from './reply.js';
import { besideOf, preferComplete } from '../history/beside.js';
import { Holds } from '../net/tabs.js';

/** @import { ChatRequest, Message } from '../types.js'
    @import { Conversation } from '../history/conversation.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Models } from '../models/models.js'
    @import { Transport } from '../net/transport.js' */

const KEEP_MS = 500;
const LEFT_RUNNING = 'tornado-ollama.running';

/** Fires `begin` and `end`, `measured` when more is known of an answer that ended, `elsewhere` when
    it is another tab that follows it, and `released` when that tab does so no longer; detail:
    `{ id, message, conversation }`, the chat's id, the answer and the chat.
    A chat has one answer under way, or those that are side by side. */
export class Answers extends EventTarget {
  /** @type {Set<{ conversation: Conversation, reply: Reply, over: Promise<void> }>} */
  #running = new Set();
  #holds = new Holds();

  /** `transport`: the way to the gateway. `models`: what they know. `store`: where chats are kept.
      @param {{ transport: Transport, models: Models, store: ChatStore }} parts */
  constructor({ transport, models, store }) {
    super();
    this.transport = transport;
    this.models = models;
    this.store = store;
    addEventListener('pagehide', () => this.#leave());
  }

  /** Those of a chat, each with the `conversation` and the `reply` that writes it.
      @param {string | undefined} id */
  of(id) {
    return [...this.#running].filter(({ conversation }) => conversation.id === id);
  }

  /** Has `answer` written, or written on. `request` as in a chat frame.
      @param {Conversation} conversation
      @param {Message} answer
      @param {ChatRequest} request */
  ask(conversation, answer, request) {
    answer.state = 'running';
    const reply = new Reply(answer, this);
    const ended = this.#follow(conversation, reply, () => reply.run(request));
    this.#holds.hold(holdOf(answer), ended);
  }

  /** Goes on with an answer that a page now gone began, unless another tab does.
      @param {Conversation} conversation
      @param {Message} answer */
  async resume(conversation, answer) {
    const isOurs = await this.#holds.holdIfFree(holdOf(answer), async () => {
      const others = this.of(conversation.id).map((running) => running.reply.message);
      const beside = besideOf(conversation, answer);
      if (others.some((one) => one === answer || !beside.includes(one))) return;
      answer.state = 'running';
      const reply = new Reply(answer, this);
      await this.#follow(conversation, reply, () => reply.resume());
    });
    if (!isOurs) await this.leaveToOther(conversation, answer);
  }

  /** Tells that another tab follows an answer, and when it does so no longer.
      @param {Conversation} conversation
      @param {Message} answer */
  async leaveToOther(conversation, answer) {
    this.#tell('elsewhere', conversation, answer);
    await this.#holds.whenFree(holdOf(answer));
    this.#tell('released', conversation, answer);
  }

  /** Stops the answers of a chat, or one of them. Ends when what came of them is stored.
      @param {string} id
      @param {Message | null} [answer] */
  async stop(id, answer = null) {
    const running = this.of(id).filter(({ reply }) => !answer || reply.message === answer);
    for (const { reply } of running) reply.stop();
    await Promise.all(running.map(({ over }) => over));
  }

  /** The chats whose answers the page before this one, in this tab, left running.
      @returns {string[]} */
  static takeLeftRunning() {
    try {
      const ids = JSON.parse(sessionStorage.getItem(LEFT_RUNNING) ?? '[]');
      sessionStorage.removeItem(LEFT_RUNNING);
      return ids;
    } catch {
      return [];
    }
  }

  /** Keeps an answer while it is written; `begin()` sets it going.
      @param {Conversation} conversation
      @param {Reply} reply
      @param {() => unknown} begin */
  async #follow(conversation, reply, begin) {
    const { message } = reply;
    const keep = () => {
      conversation.touch(message);
      return this.store.keep(conversation);
    };
    let end;
    const over = new Promise((resolve) => {
      end = resolve;
    });
    const running = { conversation, reply, over };
    this.#running.add(running);
    this.#tell('begin', conversation, message);
    keep();
    reply.addEventListener('start', keep); // from now on one can come back to a page that was left
    const clock = setInterval(keep, KEEP_MS);
    begin();
    await reply.ended;
    clearInterval(clock);
    this.#running.delete(running);
    preferComplete(conversation, message);
    keep().then(end);
    this.#tell('end', conversation, message);
    const { facts } = message; // the answer may be continued, or asked again, while memory is asked
    if (!facts?.usage) return;
    // The context the model ran with, which only its memory tells.
    await this.models.lookAtMemory();
    facts.context = this.models.loadedContext(message.model ?? '');
    keep();
    this.#tell('measured', conversation, message);
  }

  #leave() {
    if (this.#running.size === 0) return;
    for (const { conversation, reply } of this.#running) {
      conversation.touch(reply.message);
      this.store.keep(conversation);
    }
    try {
      const ids = new Set([...this.#running].map(({ conversation }) => conversation.id));
      sessionStorage.setItem(LEFT_RUNNING, JSON.stringify([...ids]));
    } catch {
      // Then only the chat on the screen goes on after a reload.
    }
  }

  /** @param {string} type
      @param {Conversation} conversation
      @param {Message} message */
  #tell(type, conversation, message) {
    const { id } = conversation;
    this.dispatchEvent(new CustomEvent(type, { detail: { id, message, conversation } }));
  }
}

/** Held by the tab that follows an answer.
    @param {Message} answer */
const holdOf = (answer) => `tornado-ollama ${answer.id}`;
