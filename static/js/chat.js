// The conversation under way: asks, answers again, stops. Joins the tree of messages, the socket
// and the transcript.

import { Conversation, asRequest } from './conversation.js';
import { failureOf, lostFailure, socketFailure } from './failure.js';
import { requestJson } from './http.js';
import { ChatSocket } from './chat_socket.js';
import { Reply } from './reply.js';
import { Transcript } from './transcript.js';

/** Fires `change` when messages came or went, and `busy` when an answer began or ended. */
export class Chat extends EventTarget {
  conversation = new Conversation();
  #reply = null;

  /** `openToken`, `openModels`: what failures offer. `follow`: keeps the end in sight.
      `undo`: offers a way back. */
  constructor({ models, follow, undo, openToken, openModels }) {
    super();
    this.models = models;
    this.follow = follow;
    this.undo = undo;
    this.socket = new ChatSocket(diagnose);
    this.transcript = new Transcript((message) => ({
      retry: () => this.again(message),
      edit: (text) => this.#rewrite(message, text),
      remove: () => this.#remove(message),
      branch: (step) => this.#turn(message, step),
      token: openToken,
      model: openModels,
    }));
  }

  get busy() {
    return this.#reply !== null;
  }

  ask(text) {
    const { last } = this.conversation;
    const question = this.conversation.add(last?.id ?? null, { role: 'user', content: text });
    this.#answer(question);
  }

  /** Another answer to the question that `message` answered. */
  again(message) {
    if (this.busy) return;
    this.#answer(this.conversation.get(message.parent));
  }

  stop() {
    this.#reply?.stop();
  }

  /** The question in other words: a branch beside it. */
  #rewrite(message, text) {
    if (this.busy) return;
    const parent = this.conversation.parent(message);
    this.#answer(this.conversation.add(parent, { role: 'user', content: text, images: message.images }));
  }

  #remove(message) {
    if (this.busy) return;
    const undo = this.conversation.remove(message);
    this.#show();
    this.undo.offer('undo.message', () => {
      undo();
      this.#show();
    });
  }

  #turn(message, step) {
    if (this.busy) return;
    this.conversation.turn(message, step);
    this.#show();
  }

  /** A new, empty conversation. */
  begin() {
    this.stop();
    this.conversation = new Conversation();
    this.#show();
  }

  /** The token changed: the next chat is asked with it, and one that was refused for want of it
      is asked again. */
  tokenChanged() {
    this.socket.reset();
    const { last } = this.conversation;
    if (last?.failure?.what === 'fail.token.what') this.again(last);
  }

  async #answer(question) {
    const model = this.models.current;
    const answer = this.conversation.add(question.id, { role: 'assistant', model, state: 'running' });
    const reply = new Reply(answer, this);
    this.#reply = reply;
    this.#show();
    this.transcript.view(answer).follow(reply);
    this.follow.toEnd();
    this.dispatchEvent(new Event('busy'));
    reply.run({ model, messages: asRequest([...this.conversation.before(question), question]) });
    await reply.ended;
    if (this.#reply === reply) this.#reply = null;
    this.dispatchEvent(new Event('busy'));
  }

  #show() {
    this.transcript.show(this.conversation);
    this.dispatchEvent(new Event('change'));
  }
}

/** Why the socket was refused. A browser is told no more than a close code, so the gateway is
    asked over HTTP whether it is there, and whether it knows the token. */
async function diagnose({ code, reason }) {
  if (code >= 4000) return lostFailure({ code, reason });
  try {
    await requestJson('/api/version');
    return socketFailure();
  } catch (failure) {
    return failureOf(failure);
  }
}
