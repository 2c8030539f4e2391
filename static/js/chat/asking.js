// What is asked in the chat on the screen: a question, the same again, in other words, or to write on.

import { besideOf, lastRow, mainOf, placesFor, putBeside, showBranch } from '../history/beside.js';
import { t } from '../ui/i18n.js';
import { requestFor } from './request_for.js';

/** @import { Message, NewMessage, TextFile } from '../types.js'
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

  /** Another answer to what `message` answered, by `model` or the one that is chosen. One that is shown
      beside another is answered anew by the same model, and in its place.
      @param {Message} message
      @param {string} [model] */
  again(message, model) {
    const { conversation } = this.chat;
    const question = conversation.questionOf(message);
    const beside = besideOf(conversation, message);
    const main = mainOf(conversation, message);
    if (!question) this.toast.show('turn.noQuestion');
    else if (!this.isFree(message)) return;
    else if (beside.length < 2) this.#answerHere([question], [model ?? this.models.current ?? '']);
    else
      this.#answerHere([question], [model ?? message.model ?? ''], ([answer]) => {
        const row = beside.map((one) => (one === message ? answer : one));
        putBeside(conversation, row, main === message ? answer : main);
      });
  }

  /** Another answer to what `message` answered, by `model`, which is shown beside it.
      @param {Message} message
      @param {string} model */
  also(message, model) {
    const { conversation } = this.chat;
    const question = conversation.questionOf(message);
    if (!question) this.toast.show('turn.noQuestion');
    else if (this.isFree())
      this.#answerHere([question], [model], ([answer]) =>
        putBeside(conversation, [message, answer], message),
      );
  }

  /** The token changed: what was refused for want of it is asked again. */
  tokenChanged() {
    for (const answer of lastRow(this.chat.conversation))
      if (answer.failure?.what === 'fail.token.what') this.again(answer);
  }

  /** Whether something may be asked after what was said last; says why not. */
  maySayMore() {
    const isElsewhere = lastRow(this.chat.conversation).some(({ state }) => state === 'elsewhere');
    if (isElsewhere) this.toast.show('turn.busyElsewhere');
    return !isElsewhere && this.isFree();
  }

  /** @param {Message} [answer] without one, all that are under way here */
  stop(answer) {
    this.answers.stop(this.chat.conversation.id, answer);
  }

  /** Whether something may be changed here now; says why not. For a change of one `answer` those beside
      it may be under way.
      @param {Message} [answer] */
  isFree(answer) {
    const { conversation } = this.chat;
    const beside = answer ? besideOf(conversation, answer) : [];
    const isFree = this.answers
      .of(conversation.id)
      .every(({ reply: { message } }) => message !== answer && beside.includes(message));
    if (!isFree) this.toast.show('turn.busy');
    return isFree;
  }

  /** The question in other words: a branch beside it. Whether it was asked.
      @param {Message} message
      @param {string} text */
  rewrite(message, text) {
    if (!this.isFree()) return false;
    const { parent, images, files } = message;
    const question = { role: /** @type {const} */ ('user'), content: text, images, files };
    const { conversation } = this.chat;
    const models = modelsOf(conversation, this.models.current);
    const above = conversation.get(parent);
    this.#answerHere(addQuestions(conversation, above, models, question), models);
    return true;
  }

  /** What the tools gave that `message` called; the model goes on from there.
      @param {Message} message
      @param {string[]} results */
  giveResults(message, results) {
    if (!this.isFree()) return;
    message.toolResults = results;
    this.chat.conversation.touch(message);
    showBranch(this.chat.conversation, message); // not that of the one beside it
    this.chat.transcript.forget(message);
    this.#answerHere([message], [message.model ?? '']);
  }

  /** Writes on where an answer was cut off. Many models' templates leave a last message of the
      assistant's open, so that it is simply written on; of others it must be asked.
      @param {Message} message */
  async goOn(message) {
    const { conversation } = this.chat;
    if (!this.isFree(message)) return;
    const details = await this.models.details(message.model ?? '');
    if (conversation !== this.chat.conversation || !this.isFree(message)) return;
    delete message.failure;
    const said = [...conversation.before(message), message];
    const request = requestFor(this, conversation, said, message.model ?? '');
    const leavesOpen = details?.template?.includes('$last');
    if (!leavesOpen) request.messages.push({ role: 'user', content: t('turn.goOn.ask') });
    this.answers.ask(conversation, message, request);
  }

  /** @param {Conversation} conversation
      @param {string} text
      @param {{ images?: string[], files?: TextFile[] }} attached */
  #ask(conversation, text, { images = [], files = [] }) {
    conversation.nameBy(text || files[0]?.name || '');
    const isShown = conversation === this.chat.conversation;
    const models = modelsOf(conversation, isShown ? this.models.current : conversation.model);
    const question = { role: /** @type {const} */ ('user'), content: text, images, files };
    const last = conversation.last ?? undefined;
    this.#answer(conversation, addQuestions(conversation, last, models, question), models);
  }

  /** @param {Message[]} questions
      @param {string[]} models
      @param {(answers: Message[]) => void} [arrange] */
  #answerHere(questions, models, arrange) {
    this.#answer(this.chat.conversation, questions, models, arrange);
    this.focus();
  }

  /** Has each of `models` answer its question. `arrange`: shows the answers otherwise than side by side.
      @param {Conversation} conversation
      @param {Message[]} questions
      @param {string[]} models
      @param {(answers: Message[]) => void} [arrange] */
  #answer(conversation, questions, models, arrange) {
    if (conversation === this.chat.conversation) this.toast.withdraw(this.chat);
    const now = Date.now();
    const answers = models.map((model, index) =>
      conversation.add(questions[index].id, {
        role: 'assistant',
        model,
        state: 'running',
        at: now + index, // by which they are put in order again
      }),
    );
    if (arrange) arrange(answers);
    else if (answers.length > 1) putBeside(conversation, answers, answers[0]);
    for (const answer of answers) {
      const said = conversation.before(answer);
      const request = requestFor(this, conversation, said, answer.model ?? '');
      this.answers.ask(conversation, answer, request);
    }
  }
}

/** The models that answer a question: two where they are compared in the chat.
    @param {Conversation} conversation
    @param {string | null} first */
const modelsOf = ({ chat: { second } }, first) => [first ?? '', ...(second ? [second] : [])];

/** Adds a question below `above`, or, where the models have branches of their own, below the last answer
    of each. Returns the question of each model.
    @param {Conversation} conversation
    @param {Message | undefined} above
    @param {string[]} models
    @param {NewMessage} question */
function addQuestions(conversation, above, models, question) {
  const places = placesFor(conversation, above, models);
  const added = new Map(
    [...new Set(places)].map((place) => [place, conversation.add(place?.id ?? null, question)]),
  );
  return places.flatMap((place) => added.get(place) ?? []);
}
