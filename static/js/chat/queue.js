// Messages that were written while an answer was: each goes when the answer before it is complete. They
// belong to the tab and outlive a reload. Where an answer was stopped or failed, or a reload found none
// under way, they wait for the reader.

import { lastRow, mainOf } from '../history/beside.js';
import { recallForTab, rememberForTab } from '../ui/prefs.js';
import { QueueRows } from './queue_rows.js';

/** @import { TextFile } from '../types.js'
    @import { Conversation } from '../history/conversation.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Answers } from './answers.js'
    @import { Asking } from './asking.js'
    @import { Chat } from './chat.js' */

/** @typedef {{ text: string, images: string[], files: TextFile[] }} Queued */

const KEY = 'queue';

export class Queue {
  #chats = read();
  /** @type {Set<string>} */
  #temporary = new Set();

  /** `edit(message)`: takes one back into the message box.
      @param {{ answers: Answers, asking: Asking, chat: Chat, store: ChatStore,
          edit: (message: Queued) => void }} parts */
  constructor({ answers, asking, chat, store, edit }) {
    this.answers = answers;
    this.asking = asking;
    this.chat = chat;
    this.rows = new QueueRows({
      edit: (message) => {
        this.#drop(message);
        edit(message);
      },
      drop: (message) => this.#drop(message),
      send: () => this.#send(chat.conversation),
    });
    answers.addEventListener('end', ({ detail }) => {
      const { id, message, conversation } = detail;
      const { state, toolCalls } = mainOf(conversation, message);
      const isOver = state === 'done' && !toolCalls;
      // What ended is drawn first.
      if (isOver && this.#of(id).length > 0) setTimeout(() => this.#goOn(conversation));
    });
    for (const type of /** @type {const} */ (['busy', 'change']))
      chat.addEventListener(type, () => this.#show());
    store.addEventListener('change', ({ detail }) => {
      if (detail.gone) this.#put(detail.id, []);
    });
    this.#show();
  }

  /** Adds one to those of the chat that is shown.
      @param {Queued} message */
  add(message) {
    const { id, chat } = this.chat.conversation;
    if (chat.temporary) this.#temporary.add(id);
    this.#put(id, [...this.#of(id), message]);
    if (!this.chat.busy) this.#goOn(this.chat.conversation); // the answer ended meanwhile
  }

  /** @param {string} id */
  #of(id) {
    return this.#chats[id] ?? [];
  }

  /** @param {string} id
      @param {Queued[]} messages */
  #put(id, messages) {
    if (messages.length > 0) this.#chats[id] = messages;
    else delete this.#chats[id];
    const kept = Object.entries(this.#chats).filter(([chat]) => !this.#temporary.has(chat));
    rememberForTab(KEY, kept.length > 0 ? JSON.stringify(Object.fromEntries(kept)) : null);
    this.#show();
  }

  /** @param {Queued} message */
  #drop(message) {
    const { id } = this.chat.conversation;
    this.#put(
      id,
      this.#of(id).filter((one) => one !== message),
    );
  }

  /** The reader wants the next one to go.
      @param {Conversation} conversation */
  #send(conversation) {
    if (this.asking.maySayMore()) this.#goOn(conversation);
  }

  /** Has the next one asked, in the chat on the screen or in one behind it.
      @param {Conversation} conversation */
  #goOn(conversation) {
    const { id } = conversation;
    const [next, ...others] = this.#of(id);
    const current = id === this.chat.conversation.id ? this.chat.conversation : conversation;
    const isElsewhere = lastRow(current).some(({ state }) => state === 'elsewhere');
    if (!next || this.answers.of(id).length > 0 || isElsewhere) return;
    this.#put(id, others);
    this.asking.askIn(current, next.text, next);
  }

  #show() {
    this.rows.show(this.#of(this.chat.conversation.id), this.chat.busy);
  }
}

/** @returns {Record<string, Queued[]>} */
function read() {
  try {
    return JSON.parse(recallForTab(KEY) ?? '{}');
  } catch {
    return {};
  }
}
