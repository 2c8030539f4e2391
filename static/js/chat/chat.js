// The conversation on the screen: asks, answers again, edits, turns between branches. Joins the tree
// of messages, the answers under way and the transcript.

import { canSee } from '../models/capabilities.js';
import { asRequest } from '../net/chat_request.js';
import { Conversation } from '../history/conversation.js';
import { t } from '../ui/i18n.js';
import { Transcript } from './transcript.js';

/** @import { ChatParts, ChatRequest, Message, StoredChat, TextFile } from '../types.js' */

/** Fires `change` when messages came or went, and `busy` when an answer here began or ended. */
export class Chat extends EventTarget {
  conversation = new Conversation();

  /** @param {ChatParts} parts */
  constructor({ openToken, pickModel, fetchModel, mayFetch, ...parts }) {
    super();
    this.answers = parts.answers;
    this.models = parts.models;
    this.settings = parts.settings;
    this.follow = parts.follow;
    this.toast = parts.toast;
    this.store = parts.store;
    this.focus = parts.focus;
    this.transcript = new Transcript((message) => ({
      retry: () => this.again(message),
      retryWith: (at) => pickModel(at, (model) => this.again(message, model)),
      goOn: () => this.#goOn(message),
      edit: (text) => this.#rewrite(message, text),
      remove: () => this.#remove(message),
      branch: (step) => this.#turn(message, step),
      results: (results) => this.#giveResults(message, results),
      token: openToken,
      model: () => pickModel(),
      get pull() {
        return mayFetch() ? () => fetchModel(message.model) : null;
      },
    }));
    /** @param {'begin' | 'end' | 'measured' | 'elsewhere' | 'released'} type
        @param {(message: Message) => unknown} hear */
    const here = (type, hear) =>
      this.answers.addEventListener(type, ({ detail }) => {
        if (detail.id === this.conversation.id) hear(detail.message);
      });
    here('begin', (message) => this.#begun(message));
    here('end', () => this.#told('busy'));
    here('measured', (message) => this.#measured(message));
    here('elsewhere', (message) => this.#isElsewhere(message));
    here('released', (message) => this.#isReleased(message));
  }

  get busy() {
    return this.#running !== null;
  }

  /** The reader is writing in one of the turns. */
  get editing() {
    return this.transcript.editing;
  }

  get #running() {
    return this.answers.of(this.conversation.id);
  }

  /** `images`: base64 each, for models that see; `files`: `{ name, text }` each.
      @param {string} text
      @param {{ images?: string[], files?: TextFile[] }} attached */
  ask(text, { images = [], files = [] } = {}) {
    const { last } = this.conversation;
    this.conversation.nameBy(text || files[0]?.name || '');
    this.#answer(
      this.conversation.add(last?.id ?? null, { role: 'user', content: text, images, files }),
    );
  }

  /** Another answer to what `message` answered, by `model` or the one that is chosen.
      @param {Message} message
      @param {string} [model] */
  again(message, model) {
    const question = this.conversation.questionOf(message);
    if (!question) this.toast.show('turn.noQuestion');
    else if (this.#isFree()) this.#answer(question, model);
  }

  stop() {
    this.answers.stop(this.conversation.id);
  }

  /** A new, empty conversation. */
  begin() {
    this.open({});
  }

  /** Shows a stored conversation; one that is being answered, as it is now. What was shown before
      goes on behind it.
      @param {Partial<StoredChat>} stored */
  open(stored) {
    const running = this.answers.of(stored.chat?.id);
    this.#open(running?.conversation ?? new Conversation(stored));
  }

  /** Shows the conversation as it was stored elsewhere, with the branches that are shown here.
      @param {StoredChat} stored */
  reopen(stored) {
    const conversation = new Conversation(stored);
    conversation.showAs(this.conversation);
    this.#open(conversation);
  }

  /** @param {Conversation} conversation */
  #open(conversation) {
    const running = this.answers.of(conversation.id);
    const cut = running ? null : conversation.markCut();
    this.conversation = conversation;
    this.transcript.clear();
    this.#show();
    if (running) this.#watch();
    this.follow.toEnd();
    this.models.use(conversation.model ?? this.models.recent()[0]);
    this.#told('busy');
    if (cut) this.answers.resume(conversation, cut);
  }

  /** The token changed: what was refused for want of it is asked again. */
  tokenChanged() {
    const { last } = this.conversation;
    if (last?.failure?.what === 'fail.token.what') this.again(last);
  }

  /** Whether something may be changed here now; says why not. */
  #isFree() {
    if (this.busy) this.toast.show('turn.busy');
    return !this.busy;
  }

  /** The question in other words: a branch beside it. Whether it was asked.
      @param {Message} message
      @param {string} text */
  #rewrite(message, text) {
    if (!this.#isFree()) return false;
    const { images, files } = message;
    this.#answer(
      this.conversation.add(message.parent, { role: 'user', content: text, images, files }),
    );
    return true;
  }

  /** What the tools gave that `message` called; the model goes on from there.
      @param {Message} message
      @param {string[]} results */
  #giveResults(message, results) {
    if (!this.#isFree()) return;
    message.toolResults = results;
    this.conversation.touch(message);
    this.transcript.forget(message);
    this.#answer(message, message.model);
  }

  /** Writes on where an answer was cut off. Many models' templates leave a last message of the
      assistant's open, so that it is simply written on; of others it must be asked.
      @param {Message} message */
  async #goOn(message) {
    const { conversation } = this;
    if (!this.#isFree()) return;
    const details = await this.models.details(message.model ?? '');
    if (conversation !== this.conversation || this.busy) return;
    delete message.failure;
    const request = this.#request([...conversation.before(message), message], message.model ?? '');
    const leavesOpen = details?.template?.includes('$last');
    if (!leavesOpen) request.messages.push({ role: 'user', content: t('turn.goOn.ask') });
    this.answers.ask(conversation, message, request);
  }

  /** @param {Message} message */
  #remove(message) {
    if (!this.#isFree()) return;
    const { conversation } = this;
    const back = conversation.remove(message);
    if (conversation.isEmpty) {
      this.#removeEmpty(conversation, back);
      return;
    }
    this.#changed(conversation);
    this.focus();
    this.toast.offer(
      'undo.message',
      () => {
        back();
        this.#changed(conversation);
      },
      this,
    );
  }

  /** A chat without messages is none.
      @param {Conversation} conversation
      @param {() => void} back */
  #removeEmpty(conversation, back) {
    this.store.remove(conversation.id);
    this.begin();
    this.focus();
    this.toast.offer('undo.message', () => {
      back();
      conversation.touchAll();
      this.store.keep(conversation);
      if (this.conversation.isEmpty) this.#open(conversation);
    });
  }

  /** @param {Message} message
      @param {number} step */
  #turn(message, step) {
    if (!this.#isFree()) return;
    const shown = this.conversation.turn(message, step);
    this.#changed(this.conversation);
    if (shown) this.transcript.view(shown)?.focusBranch(step);
  }

  /** @param {Message} question
      @param {string} [model] */
  #answer(question, model = this.models.current ?? '') {
    const { conversation } = this;
    this.toast.withdraw(this);
    const answer = conversation.add(question.id, { role: 'assistant', model, state: 'running' });
    this.answers.ask(
      conversation,
      answer,
      this.#request([...conversation.before(question), question], model),
    );
    this.focus();
  }

  /** @param {Message[]} said
      @param {string} name
      @returns {ChatRequest} */
  #request(said, name) {
    const model = this.models.find(name);
    return {
      model: name,
      messages: asRequest(said, { system: this.settings.get('system'), sees: canSee(model) }),
      ...this.settings.request(model),
    };
  }

  /** @param {Message} message */
  #begun(message) {
    // An answer that is taken up again, or written on, was drawn as ended.
    this.transcript.forget(message);
    this.#show();
    this.#watch();
    this.follow.toEnd();
    this.#told('busy');
  }

  /** @param {Message} message */
  #measured(message) {
    this.transcript.view(message)?.showFacts();
    this.#told('change');
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
    if (stored && conversation === this.conversation && !this.busy) this.reopen(stored);
  }

  #watch() {
    const reply = this.#running?.reply;
    if (reply) this.transcript.view(reply.message)?.follow(reply);
  }

  /** @param {Conversation} conversation */
  #changed(conversation) {
    if (conversation === this.conversation) this.#show();
    this.store.keep(conversation);
  }

  #show() {
    this.transcript.show(this.conversation);
    this.#told('change');
  }

  /** @param {string} type */
  #told(type) {
    this.dispatchEvent(new Event(type));
  }
}
