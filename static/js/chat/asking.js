// What is asked in the chat on the screen: a question, the same again, in other words, or to write on.

import { canSee } from '../models/capabilities.js';
import { afterSummary, asRequest } from '../net/chat_request.js';
import { requestOf, settingsOf } from '../settings/options.js';
import { t } from '../ui/i18n.js';

/** @import { ChatRequest, Message, TextFile } from '../types.js'
    @import { Conversation } from '../history/conversation.js'
    @import { Models } from '../models/models.js'
    @import { Settings } from '../settings/settings.js'
    @import { Toast } from '../ui/toast.js'
    @import { Answers } from './answers.js'
    @import { Chat } from './chat.js' */

export class Asking {
  /** `focus()`: to the message box.
      @param {{ chat: Chat, answers: Answers, models: Models, settings: Settings, toast: Toast,
          focus: () => unknown }} parts */
  constructor({ chat, answers, models, settings, toast, focus }) {
    this.chat = chat;
    this.answers = answers;
    this.models = models;
    this.settings = settings;
    this.toast = toast;
    this.focus = focus;
  }

  /** `images`: base64 each, for models that see; `files`: `{ name, text }` each.
      @param {string} text
      @param {{ images?: string[], files?: TextFile[] }} attached */
  ask(text, attached = {}) {
    this.#ask(this.chat.conversation, text, attached);
    this.focus();
  }

  /** The same, without the reader's doing, in any chat: neither the focus nor what is read moves.
      @param {Conversation} conversation
      @param {string} text
      @param {{ images?: string[], files?: TextFile[] }} attached */
  askIn(conversation, text, attached) {
    if (conversation === this.chat.conversation) this.chat.follow.hold();
    this.#ask(conversation, text, attached);
  }

  /** Another answer to what `message` answered, by `model` or the one that is chosen.
      @param {Message} message
      @param {string} [model] */
  again(message, model) {
    const question = this.chat.conversation.questionOf(message);
    if (!question) this.toast.show('turn.noQuestion');
    else if (this.isFree()) this.#answerHere(question, model);
  }

  /** The token changed: what was refused for want of it is asked again. */
  tokenChanged() {
    const { last } = this.chat.conversation;
    if (last?.failure?.what === 'fail.token.what') this.again(last);
  }

  /** Whether something may be asked after what was said last; says why not. */
  maySayMore() {
    const isElsewhere = this.chat.conversation.last?.state === 'elsewhere';
    if (isElsewhere) this.toast.show('turn.busyElsewhere');
    return !isElsewhere && this.isFree();
  }

  stop() {
    this.answers.stop(this.chat.conversation.id);
  }

  /** Whether something may be changed here now; says why not. */
  isFree() {
    if (this.chat.busy) this.toast.show('turn.busy');
    return !this.chat.busy;
  }

  /** The question in other words: a branch beside it. Whether it was asked.
      @param {Message} message
      @param {string} text */
  rewrite(message, text) {
    if (!this.isFree()) return false;
    const { parent, images, files } = message;
    const question = { role: /** @type {const} */ ('user'), content: text, images, files };
    this.#answerHere(this.chat.conversation.add(parent, question));
    return true;
  }

  /** What the tools gave that `message` called; the model goes on from there.
      @param {Message} message
      @param {string[]} results */
  giveResults(message, results) {
    if (!this.isFree()) return;
    message.toolResults = results;
    this.chat.conversation.touch(message);
    this.chat.transcript.forget(message);
    this.#answerHere(message, message.model);
  }

  /** Writes on where an answer was cut off. Many models' templates leave a last message of the
      assistant's open, so that it is simply written on; of others it must be asked.
      @param {Message} message */
  async goOn(message) {
    const { conversation } = this.chat;
    if (!this.isFree()) return;
    const details = await this.models.details(message.model ?? '');
    if (conversation !== this.chat.conversation || this.chat.busy) return;
    delete message.failure;
    const said = [...conversation.before(message), message];
    const request = this.#request(conversation, said, message.model ?? '');
    const leavesOpen = details?.template?.includes('$last');
    if (!leavesOpen) request.messages.push({ role: 'user', content: t('turn.goOn.ask') });
    this.answers.ask(conversation, message, request);
  }

  /** @param {Conversation} conversation
      @param {string} text
      @param {{ images?: string[], files?: TextFile[] }} attached */
  #ask(conversation, text, { images = [], files = [] }) {
    conversation.nameBy(text || files[0]?.name || '');
    const question = { role: /** @type {const} */ ('user'), content: text, images, files };
    const isShown = conversation === this.chat.conversation;
    const model = isShown ? this.models.current : conversation.model;
    const asked = conversation.add(conversation.last?.id ?? null, question);
    this.#answer(conversation, asked, model ?? '');
  }

  /** @param {Message} question
      @param {string} [model] */
  #answerHere(question, model = this.models.current ?? '') {
    this.#answer(this.chat.conversation, question, model);
    this.focus();
  }

  /** @param {Conversation} conversation
      @param {Message} question
      @param {string} model */
  #answer(conversation, question, model) {
    if (conversation === this.chat.conversation) this.toast.withdraw(this.chat);
    const answer = conversation.add(question.id, { role: 'assistant', model, state: 'running' });
    const said = [...conversation.before(question), question];
    this.answers.ask(conversation, answer, this.#request(conversation, said, model));
  }

  /** @param {Conversation} conversation
      @param {Message[]} said
      @param {string} name
      @returns {ChatRequest} */
  #request(conversation, said, name) {
    const model = this.models.find(name);
    const setting = settingsOf(conversation.chat.settings, this.settings);
    const { summary, messages } = afterSummary(said);
    const system = [setting('system'), summary && t('summary.before', { text: summary })].filter(
      Boolean,
    );
    return {
      model: name,
      messages: asRequest(messages, { system: system.join('\n\n'), sees: canSee(model) }),
      ...requestOf(setting, model),
    };
  }
}
