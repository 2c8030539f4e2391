// The conversation on the screen: which one it is, and how it is drawn while it changes. What is asked
// in it is in asking.js, what is taken out of it or turned to in tree_edits.js.

import { Conversation } from '../history/conversation.js';
import { besideOf } from '../history/beside.js';
import { merged } from '../history/merge.js';
import { Transcript } from './transcript.js';

/** @import { Message, MessageActions, StoredChat } from '../types.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Models } from '../models/models.js'
    @import { Answers } from './answers.js'
    @import { Follow } from './follow.js'
    @import { Reply } from './reply.js' */

/** Fires `change` when messages came or went, and `busy` when an answer here began or ended. */
export class Chat extends EventTarget {
  conversation = new Conversation();

  /** `answers`: those under way. `follow` keeps the end in sight. `actionsFor(message)`: what the
      buttons of a message run.
      @param {{ answers: Answers, models: Models, store: ChatStore, follow: Follow,
          actionsFor: (message: Message) => MessageActions }} parts */
  constructor({ answers, models, store, follow, actionsFor }) {
    super();
    this.answers = answers;
    this.models = models;
    this.store = store;
    this.follow = follow;
    this.transcript = new Transcript(actionsFor);
    /** @param {'begin' | 'end' | 'measured' | 'elsewhere' | 'released'} type
        @param {(message: Message) => unknown} hear */
    const here = (type, hear) =>
      answers.addEventListener(type, ({ detail }) => {
        if (detail.id === this.conversation.id) hear(detail.message);
      });
    here('begin', (message) => this.#begun(message));
    here('end', (message) => this.#ended(message));
    here('measured', (message) => this.#measured(message));
    here('elsewhere', (message) => this.#isElsewhere(message));
    here('released', (message) => this.#isReleased(message));
  }

  get busy() {
    return this.answers.of(this.conversation.id).length > 0;
  }

  /** The reader is writing in one of the turns. */
  get editing() {
    return this.transcript.editing;
  }

  /** Shows a stored conversation, or a new one; one that is being answered, as it is now. What was
      shown before goes on behind it.
      @param {Partial<StoredChat>} [stored] */
  open(stored = {}) {
    const [running] = this.answers.of(stored.chat?.id);
    this.put(running?.conversation ?? new Conversation(stored));
  }

  /** Shows what another tab has stored of this conversation, with the branches that are shown here. An
      answer that is under way is that tab's.
      @param {StoredChat} stored */
  update(stored) {
    const { messages, changed } = merged(this.conversation, stored.messages);
    const conversation = new Conversation({ chat: stored.chat, messages });
    conversation.showAs(this.conversation);
    for (const message of changed) this.transcript.forget(message);
    this.conversation = conversation;
    for (const { id, state } of stored.messages) {
      const answer = state === 'running' ? conversation.get(id) : null;
      if (answer?.state === 'running') this.answers.leaveToOther(conversation, answer);
    }
    this.#show();
  }

  /** Puts a conversation on the screen, and goes on with an answer in it that was left.
      @param {Conversation} conversation */
  put(conversation) {
    const running = this.answers.of(conversation.id);
    const cut = running.length > 0 ? [] : conversation.markCut();
    this.conversation = conversation;
    this.transcript.clear();
    this.#show();
    for (const { reply } of running) this.#watch(reply);
    this.follow.toEnd();
    this.models.use(conversation.model ?? this.models.recent()[0]);
    this.#tell('busy');
    for (const answer of cut) this.answers.resume(conversation, answer);
  }

  /** Draws what changed in a conversation, where it is this one, and stores it.
      @param {Conversation} conversation */
  changed(conversation) {
    if (conversation === this.conversation) this.#show();
    this.store.keep(conversation);
  }

  /** @param {Message} message */
  #begun(message) {
    // An answer that is taken up again, or written on, was drawn as ended.
    this.transcript.forget(message);
    this.#show();
    for (const { reply } of this.answers.of(this.conversation.id))
      if (reply.message === message) this.#watch(reply);
    this.follow.toEndUnlessHeld();
    this.#tell('busy');
  }

  /** @param {Message} message */
  #ended(message) {
    if (besideOf(this.conversation, message).length > 1) this.#show();
    this.#tell('busy');
  }

  /** @param {Message} message */
  #measured(message) {
    this.transcript.view(message)?.foot.showFacts();
    this.#tell('change');
  }

  /** Another tab follows the answer; it is shown here when it is complete.
      @param {Message} message */
  #isElsewhere(message) {
    message.state = 'elsewhere';
    this.transcript.forget(message);
    this.#show();
  }

  /** That tab is gone, perhaps in the middle of it.
      @param {Message} message */
  async #isReleased(message) {
    const { conversation } = this;
    if (message.state !== 'elsewhere') return;
    const stored = await this.store.load(conversation.id);
    const left = stored?.messages.find(({ id }) => id === message.id);
    if (!left || conversation.id !== this.conversation.id || message.state !== 'elsewhere') return;
    const { shown } = message;
    this.transcript.forget(Object.assign(message, left, { shown }));
    const cut = this.conversation.markCut([message]);
    this.#show();
    for (const answer of cut) this.answers.resume(this.conversation, answer);
  }

  /** @param {Reply} reply */
  #watch(reply) {
    const isBeside = besideOf(this.conversation, reply.message).length > 1;
    this.transcript.view(reply.message)?.follow(reply, { isBeside });
  }

  #show() {
    this.transcript.show(this.conversation);
    this.#tell('change');
  }

  /** @param {string} type */
  #tell(type) {
    this.dispatchEvent(new Event(type));
  }
}
