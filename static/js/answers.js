// The answers under way, in the chat on the screen and in those behind it. Each is stored as it
// grows, and held by a lock, so that no other tab takes it up.

import { Reply } from './reply.js';

const KEEP_MS = 500;
const LEFT_RUNNING = 'tornado-ollama.running';

/** Fires `begin` and `end` (detail: the id of the chat), and `elsewhere` when it is another tab that
    follows the answer. A chat has one answer under way. */
export class Answers extends EventTarget {
  #running = new Map();

  /** `line`: the way to the gateway. `models`: what they know. `store`: where chats are kept. */
  constructor({ line, models, store }) {
    super();
    this.line = line;
    this.models = models;
    this.store = store;
    addEventListener('pagehide', () => this.#leave());
  }

  /** `{ conversation, reply }` of a chat, or null. */
  of(id) {
    return this.#running.get(id) ?? null;
  }

  /** Has `answer` written. `request` as in a chat frame. */
  ask(conversation, answer, request) {
    const reply = new Reply(answer, this);
    const ended = this.#follow(conversation, reply, () => reply.run(request));
    navigator.locks?.request(lockOf(answer), () => ended);
  }

  /** Goes on with an answer that a page now gone began, unless another tab does. Pages without TLS
      cannot ask for that lock, so they leave it. */
  resume(conversation, answer) {
    navigator.locks?.request(lockOf(answer), { ifAvailable: true }, async (lock) => {
      if (!lock) this.#tell('elsewhere', conversation.id);
      if (!lock || this.of(conversation.id)) return;
      answer.state = 'running';
      const reply = new Reply(answer, this);
      await this.#follow(conversation, reply, () => reply.resume());
    });
  }

  stop(id) {
    this.of(id)?.reply.stop();
  }

  /** The chat is deleted: its answer is stopped, and nothing of it stored any more. */
  drop(id) {
    const running = this.of(id);
    this.#running.delete(id);
    running?.reply.stop();
  }

  /** The chats whose answers the page before this one, in this tab, left running. */
  static takeLeftRunning() {
    try {
      const ids = JSON.parse(sessionStorage.getItem(LEFT_RUNNING) ?? '[]');
      sessionStorage.removeItem(LEFT_RUNNING);
      return ids;
    } catch {
      return [];
    }
  }

  /** Keeps an answer while it is written; `begin()` sets it going. */
  async #follow(conversation, reply, begin) {
    const { id } = conversation;
    const { message } = reply;
    const keep = () => {
      if (this.of(id)?.reply !== reply) return;
      conversation.touch(message);
      this.store.keep(conversation);
    };
    this.#running.set(id, { conversation, reply });
    this.#tell('begin', id);
    keep();
    reply.addEventListener('start', keep);  // from now on a page that is left can be come back to
    const clock = setInterval(keep, KEEP_MS);
    begin();
    await reply.ended;
    clearInterval(clock);
    await this.#measure(message);
    keep();
    if (this.of(id)?.reply === reply) this.#running.delete(id);
    this.#tell('end', id);
  }

  /** Notes the context the model ran with, which only its memory tells. */
  async #measure(answer) {
    if (!answer.facts?.usage) return;
    await this.models.lookAtMemory();
    answer.facts.context = this.models.loadedContext(answer.model);
  }

  #leave() {
    if (this.#running.size === 0) return;
    for (const { conversation, reply } of this.#running.values()) {
      conversation.touch(reply.message);
      this.store.keep(conversation);
    }
    try {
      sessionStorage.setItem(LEFT_RUNNING, JSON.stringify([...this.#running.keys()]));
    } catch {
      // Then only the chat on the screen goes on after a reload.
    }
  }

  #tell(type, id) {
    this.dispatchEvent(new CustomEvent(type, { detail: id }));
  }
}

/** Held by the tab that follows an answer. */
const lockOf = (answer) => `tornado-ollama ${answer.id}`;
