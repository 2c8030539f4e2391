// Changes of the tree of messages that ask nothing: one is deleted, or another branch is shown.

import { besideOf, questionsOf, showBranch } from '../history/beside.js';

/** @import { Message } from '../types.js'
    @import { Conversation } from '../history/conversation.js'
    @import { Toast } from '../ui/toast.js'
    @import { Asking } from './asking.js'
    @import { Chat } from './chat.js' */

export class TreeEdits {
  /** @param {{ chat: Chat, asking: Asking, toast: Toast }} parts */
  constructor({ chat, asking, toast }) {
    this.chat = chat;
    this.asking = asking;
    this.toast = toast;
  }

  /** @param {Message} message */
  remove(message) {
    if (!this.asking.isFree()) return;
    const { conversation } = this.chat;
    /** @param {Message} one */
    const isFollowed = (one) => conversation.all.some(({ parent }) => parent === one.id);
    const other = besideOf(conversation, message).find((one) => one !== message);
    const isLeft = other && (isFollowed(other) || !isFollowed(message));
    const back = conversation.remove(message);
    if (isLeft) showBranch(conversation, other); // it may be on another branch
    if (conversation.isEmpty) {
      this.#removeEmpty(conversation, back);
      return;
    }
    this.chat.changed(conversation);
    this.asking.focus();
    const undo = () => {
      back();
      this.chat.changed(conversation);
    };
    this.toast.offer('undo.message', undo, { owner: this.chat });
  }

  /** Keeps a message in other words, and asks nothing. Whether it was done.
      @param {Message} message
      @param {string} text */
  keep(message, text) {
    if (!this.asking.isFree()) return false;
    const { content, edited } = message;
    const { conversation } = this.chat;
    const answers = (message.beside ?? []).flatMap((id) => conversation.get(id) ?? []);
    const everywhere = new Set([message, ...questionsOf(conversation, answers)]);
    /** @param {Pick<Message, 'content' | 'edited'>} words */
    const write = (words) => {
      for (const one of everywhere) {
        Object.assign(one, words);
        conversation.touch(one);
        this.chat.transcript.forget(one);
      }
      this.chat.changed(conversation);
    };
    write({ content: text, edited: true });
    this.toast.offer('undo.edit', () => write({ content, edited }), { owner: this.chat });
    return true;
  }

  /** Takes a summary away: the messages that it stands for are given to the model again.
      @param {Message} message */
  unsum(message) {
    delete message.summary;
    this.chat.conversation.touch(message);
    this.chat.transcript.forget(message);
    this.chat.changed(this.chat.conversation);
  }

  /** @param {Message} message
      @param {number} step */
  turn(message, step) {
    if (!this.asking.isFree()) return;
    const { conversation, transcript } = this.chat;
    const shown = conversation.turn(message, step);
    this.chat.changed(conversation);
    if (shown) transcript.view(shown)?.foot.focusBranch(step);
  }

  /** A chat without messages is none.
      @param {Conversation} conversation
      @param {() => void} back */
  #removeEmpty(conversation, back) {
    const { store } = this.chat;
    store.remove(conversation.id);
    this.chat.open();
    this.asking.focus();
    this.toast.offer('undo.message', () => {
      back();
      conversation.touchAll();
      store.keep(conversation);
      if (this.chat.conversation.isEmpty) this.chat.put(conversation);
    });
  }
}
