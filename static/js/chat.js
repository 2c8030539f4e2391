// The conversation on the screen: asks, answers again, edits, turns between branches. Joins the tree
// of messages, the answers under way and the transcript.

import { Conversation, asRequest } from './conversation.js';
import { Transcript } from './transcript.js';

const TITLE_LENGTH = 60;

/** Fires `change` when messages came or went, and `busy` when an answer here began or ended. */
export class Chat extends EventTarget {
  conversation = new Conversation();

  /** `answers`: those under way. `follow`: keeps the end in sight. `undo`: offers a way back.
      `openToken`, `pickModel(at, choose)`: what failures and answers offer. */
  constructor({ answers, models, settings, follow, undo, store, openToken, pickModel }) {
    super();
    Object.assign(this, { answers, models, settings, follow, undo, store });
    this.transcript = new Transcript((message) => ({
      retry: () => this.again(message),
      retryWith: (at) => pickModel(at, (model) => this.again(message, model)),
      edit: (text) => this.#rewrite(message, text),
      remove: () => this.#remove(message),
      branch: (step) => this.#turn(message, step),
      results: (results) => this.#giveResults(message, results),
      token: openToken,
      model: (at) => pickModel(at),
    }));
    answers.addEventListener('begin', ({ detail }) => detail === this.conversation.id && this.#begun());
    answers.addEventListener('end', ({ detail }) => detail === this.conversation.id && this.#told('busy'));
    answers.addEventListener('elsewhere', ({ detail }) => detail === this.conversation.id && this.#isElsewhere());
  }

  get busy() {
    return this.#running !== null;
  }

  get #running() {
    return this.answers.of(this.conversation.id);
  }

  /** `images`: base64 each, for models that see; `files`: `{ name, text }` each. */
  ask(text, { images = [], files = [] } = {}) {
    const { chat, last } = this.conversation;
    chat.title ||= titleOf(text || files[0]?.name || '');
    this.#answer(this.conversation.add(last?.id ?? null, { role: 'user', content: text, images, files }));
  }

  /** Another answer to what `message` answered, by `model` or the one that is chosen. */
  again(message, model) {
    if (!this.busy) this.#answer(this.conversation.get(message.parent), model);
  }

  stop() {
    this.answers.stop(this.conversation.id);
  }

  /** A new, empty conversation. */
  begin() {
    this.open({});
  }

  /** Shows a stored conversation; one that is being answered, as it is now. What was shown before
      goes on behind it. */
  open(stored) {
    const running = this.answers.of(stored.chat?.id);
    this.undo.withdraw();
    this.conversation = running?.conversation ?? new Conversation(stored);
    this.transcript.clear();
    const cut = running ? null : this.conversation.markCut();
    this.#show();
    if (running) this.#watch();
    this.follow.toEnd();
    this.#told('busy');
    if (cut) this.answers.resume(this.conversation, cut);
  }

  /** The token changed: what was refused for want of it is asked again. */
  tokenChanged() {
    const { last } = this.conversation;
    if (last?.failure?.what === 'fail.token.what') this.again(last);
  }

  /** The question in other words: a branch beside it. */
  #rewrite(message, text) {
    if (this.busy) return;
    const { images, files } = message;
    this.#answer(this.conversation.add(message.parent, { role: 'user', content: text, images, files }));
  }

  /** What the tools gave that `message` called; the model goes on from there. */
  #giveResults(message, results) {
    if (this.busy) return;
    message.toolResults = results;
    this.conversation.touch(message);
    this.transcript.forget(message);
    this.#answer(message, message.model);
  }

  #remove(message) {
    if (this.busy) return;
    const { conversation } = this;
    const back = conversation.remove(message);
    this.#changed();
    this.undo.offer('undo.message', () => {
      back();
      if (conversation === this.conversation) this.#changed();
      else this.store.keep(conversation);
    });
  }

  #turn(message, step) {
    if (this.busy) return;
    this.conversation.turn(message, step);
    this.#changed();
  }

  #answer(question, model = this.models.current) {
    this.undo.withdraw();
    const { conversation, settings } = this;
    const answer = conversation.add(question.id, { role: 'assistant', model, state: 'running' });
    const said = [...conversation.before(question), question];
    this.answers.ask(conversation, answer, {
      model,
      messages: asRequest(said, settings.get('system')),
      ...settings.request(this.models.find(model)),
    });
  }

  #begun() {
    // An answer that is taken up again was drawn as cut.
    this.transcript.forget(this.#running.reply.message);
    this.#show();
    this.#watch();
    this.follow.toEnd();
    this.#told('busy');
  }

  /** Another tab follows the last answer; it is shown here when it is complete. */
  #isElsewhere() {
    const { last } = this.conversation;
    last.state = 'elsewhere';
    this.transcript.forget(last);
    this.#show();
  }

  #watch() {
    const { reply } = this.#running;
    this.transcript.view(reply.message)?.follow(reply);
  }

  #changed() {
    this.#show();
    this.store.keep(this.conversation);
  }

  #show() {
    this.transcript.show(this.conversation);
    this.#told('change');
  }

  #told(type) {
    this.dispatchEvent(new Event(type));
  }
}

/** The beginning of the first question names the chat. */
function titleOf(text) {
  const [line] = text.split('\n');
  return line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH).trimEnd()}…` : line;
}
