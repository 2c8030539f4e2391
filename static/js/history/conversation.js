// One conversation: its messages as a tree, and the record of the chat, with title and times. Knows
// nothing of the screen, the network or storage; it says what changed, so that only that is stored.

import { newId } from '../ui/ids.js';
import { besideOf, lastRow, rowsOf } from './beside.js';
import { MessageTree } from './message_tree.js';

/** @import { ChatChanges, ChatRecord, Message, NewMessage, StoredChat } from '../types.js' */

const TITLE_LENGTH = 60;

export class Conversation extends MessageTree {
  /** `stored`: `{ chat, messages }` as chat_store.js keeps them, which it takes over; none for a new
      conversation.
      @param {{ chat?: Partial<ChatRecord>, messages?: Message[] }} [stored] */
  constructor({ chat, messages = [] } = {}) {
    const now = Date.now();
    /** @type {ChatRecord} */
    const record = {
      id: newId(),
      title: '',
      createdAt: now,
      updatedAt: now,
      pinned: false,
      shown: null,
      ...chat,
    };
    super(record, messages);
    this.chat = record;
    this.wasStored = chat !== undefined;
  }

  get id() {
    return this.chat.id;
  }

  /** Names it by the beginning of its first question.
      @param {string} text */
  nameBy(text) {
    const [line] = text.split('\n');
    this.chat.title ||=
      line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH).trimEnd()}…` : line;
  }

  /** Adds a message under the one with the id `parent` (null: the beginning) and shows it.
      @param {string | null} parent
      @param {NewMessage} fields */
  add(parent, fields) {
    /** @type {Message} */
    const message = {
      id: newId(),
      chat: this.id,
      parent,
      shown: null,
      at: Date.now(),
      content: '',
      ...fields,
    };
    this.hang(message);
    this.touch(message);
    this.show(message);
    this.chat.updatedAt = message.at;
    return message;
  }

  /** What an answer answers: a question, or what tools gave. Null where that was deleted.
      @param {Message} answer */
  questionOf(answer) {
    const above = this.get(answer.parent);
    return above?.role === 'user' || above?.toolResults ? above : null;
  }

  /** The model that answered last, of several side by side the first; null where none has. */
  get model() {
    const answer = this.path().findLast(({ role }) => role === 'assistant');
    return (answer && besideOf(this, answer)[0].model) ?? null;
  }

  /** Marks answers that nobody writes any more. Returns those at the end that may still be taken up.
      @param {Message[]} [among] those that are shown, unless others are given */
  markCut(among = rowsOf(this).flat()) {
    const cut = among.filter(({ state }) => state === 'running' || state === 'elsewhere');
    for (const message of cut) message.state = 'interrupted';
    const last = lastRow(this);
    return cut.filter((message) => message.resume && last.includes(message));
  }

  /** Shows the branches that `other` shows: what another tab added does not turn this one's page.
      @param {Conversation} other */
  showAs(other) {
    this.chat.shown = other.chat.shown ?? this.chat.shown;
    for (const message of this.all) message.shown = other.get(message.id)?.shown ?? message.shown;
  }

  /** All of it, as chat_store.js keeps it.
      @returns {StoredChat} */
  snapshot() {
    return { chat: { ...this.chat }, messages: this.all.map((message) => ({ ...message })) };
  }

  /** Marks a message as changed since it was stored.
      @param {Message} message */
  touch(message) {
    this.unstored.change(message);
  }

  /** Marks all of it: it was deleted, and is to be stored again. */
  touchAll() {
    for (const message of this.all) this.touch(message);
    this.wasStored = false;
  }

  /** What is to be stored, as `{ id, chat, put, remove }`; it counts as stored from now on.
      @returns {ChatChanges} */
  takeChanges() {
    const { changed, gone } = this.unstored.take();
    const put = changed.flatMap((id) => this.get(id) ?? []);
    return {
      id: this.id,
      chat: { ...this.chat },
      put: put.map((message) => ({ ...message })),
      remove: gone,
    };
  }

  /** Takes changes back that could not be stored, so that they are tried again with the next.
      @param {Pick<ChatChanges, 'put' | 'remove'>} changes */
  putBack({ put, remove }) {
    for (const { id } of put) if (this.get(id)) this.unstored.change({ id });
    for (const id of remove) if (!this.get(id)) this.unstored.remove({ id });
  }
}
