// The conversation under way: asks, answers again, stops. Joins the tree of messages, the socket
// and the transcript.

import { Conversation, asRequest } from './conversation.js';
import { ChatLine } from './chat_line.js';
import { Reply } from './reply.js';
import { Transcript } from './transcript.js';

const KEEP_MS = 500;
const TITLE_LENGTH = 60;

/** Fires `change` when messages came or went, and `busy` when an answer began or ended. */
export class Chat extends EventTarget {
  conversation = new Conversation();
  #reply = null;

  /** `openToken`, `openModels`: what failures offer. `follow`: keeps the end in sight.
      `undo`: offers a way back. `store`: where the chat is kept. */
  constructor({ models, settings, follow, undo, store, openToken, openModels }) {
    super();
    this.models = models;
    this.settings = settings;
    this.follow = follow;
    this.undo = undo;
    this.store = store;
    this.line = new ChatLine();
    this.transcript = new Transcript((message) => ({
      retry: () => this.again(message),
      edit: (text) => this.#rewrite(message, text),
      remove: () => this.#remove(message),
      branch: (step) => this.#turn(message, step),
      token: openToken,
      model: openModels,
    }));
    addEventListener('pagehide', () => this.#reply && this.#keep(this.conversation, this.#reply.message));
  }

  get busy() {
    return this.#reply !== null;
  }

  /** `images`: base64 each, for models that see; `files`: `{ name, text }` each. */
  ask(text, { images = [], files = [] } = {}) {
    const { chat, last } = this.conversation;
    chat.title ||= titleOf(text || files[0]?.name || '');
    const question = this.conversation.add(last?.id ?? null, { role: 'user', content: text, images, files });
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
    this.#answer(this.conversation.add(message.parent, { role: 'user', content: text, images: message.images, files: message.files }));
  }

  #remove(message) {
    if (this.busy) return;
    const undo = this.conversation.remove(message);
    this.#show();
    this.#keep();
    this.undo.offer('undo.message', () => {
      undo();
      this.#show();
      this.#keep();
    });
  }

  #turn(message, step) {
    if (this.busy) return;
    this.conversation.turn(message, step);
    this.#show();
    this.#keep();
  }

  /** A new, empty conversation. */
  begin() {
    this.open({});
  }

  /** Shows a stored conversation. An answer under way elsewhere is stopped. */
  open(stored) {
    this.stop();
    this.#reply = null;
    this.undo.withdraw();
    this.conversation = new Conversation(stored);
    this.transcript.clear();
    const cut = this.conversation.path().filter((message) => message.state === 'running');
    for (const message of cut) message.state = 'interrupted';
    this.#show();
    this.follow.toEnd();
    this.dispatchEvent(new Event('busy'));
    if (cut.length > 0 && cut[0] === this.conversation.last && cut[0].resume) this.#resume(cut[0]);
  }

  /** Goes on with an answer that a page now gone began, unless another tab does. Pages without TLS
      cannot ask for that lock, so they leave it. */
  #resume(answer) {
    navigator.locks?.request(lockOf(answer), { ifAvailable: true }, async (lock) => {
      if (!lock || this.busy || this.conversation.last !== answer) return;
      answer.state = 'running';
      const reply = new Reply(answer, this);
      this.transcript.clear();
      await this.#attend(reply, () => reply.resume());
    });
  }

  /** The token changed: the next chat is asked with it, and one that was refused for want of it
      is asked again. */
  tokenChanged() {
    this.line.reset();
    const { last } = this.conversation;
    if (last?.failure?.what === 'fail.token.what') this.again(last);
  }

  #answer(question) {
    this.undo.withdraw();
    const { conversation } = this;
    const model = this.models.current;
    const answer = conversation.add(question.id, { role: 'assistant', model, state: 'running' });
    const reply = new Reply(answer, this);
    const said = [...conversation.before(question), question];
    const request = {
      model,
      messages: asRequest(said, this.settings.get('system')),
      ...this.settings.request(this.models.find(model)),
    };
    const ended = this.#attend(reply, () => reply.run(request));
    navigator.locks?.request(lockOf(answer), () => ended);
  }

  /** Shows and keeps an answer while it is written; `begin()` sets it going. */
  async #attend(reply, begin) {
    const { conversation } = this;
    const { message } = reply;
    this.#reply = reply;
    this.#show();
    this.transcript.view(message).follow(reply);
    this.follow.toEnd();
    this.dispatchEvent(new Event('busy'));
    const clock = setInterval(() => this.#keep(conversation, message), KEEP_MS);
    this.#keep();
    begin();
    await reply.ended;
    await this.#measure(message);
    clearInterval(clock);
    this.#keep(conversation, message);
    if (this.#reply !== reply) return;
    this.#reply = null;
    this.dispatchEvent(new Event('busy'));
  }

  /** Notes the context the model ran with, which only its memory tells. */
  async #measure(answer) {
    if (!answer.facts?.usage) return;
    await this.models.lookAtMemory();
    answer.facts.context = this.models.loadedContext(answer.model);
  }

  /** Stores what changed, and `message` as it now is. */
  #keep(conversation = this.conversation, message = null) {
    if (message) conversation.touch(message);
    this.store.write(conversation.takeChanges()).catch(() => {});
  }

  #show() {
    this.transcript.show(this.conversation);
    this.dispatchEvent(new Event('change'));
  }
}

/** Held by the tab that follows an answer. */
const lockOf = (answer) => `tornado-ollama ${answer.id}`;

/** The beginning of the first question names the chat. */
function titleOf(text) {
  const [line] = text.split('\n');
  return line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH).trimEnd()}…` : line;
}
