// The shown messages in order. Only what changed is drawn.

import { byId } from '../ui/dom.js';
import { putInOrder } from '../ui/keyed_rows.js';
import { TurnView } from './turn_view.js';

/** @import { Message, MessageActions } from '../types.js'
    @import { Conversation } from '../history/conversation.js' */

export class Transcript {
  #views = new Map();

  /** `actionsFor(message)`: what its buttons run.
      @param {(message: Message) => MessageActions} actionsFor */
  constructor(actionsFor) {
    this.place = byId('transcript');
    this.actionsFor = actionsFor;
  }

  /** Shows exactly the messages on the conversation's path.
      @param {Conversation} conversation */
  show(conversation) {
    const views = new Map();
    for (const message of conversation.path()) {
      const view = this.#views.get(message.id) ?? new TurnView(message, this.actionsFor(message));
      view.showBranch(conversation.branch(message));
      views.set(message.id, view);
    }
    for (const [id, view] of this.#views) if (!views.has(id)) view.leave();
    this.#views = views;
    const nodes = [...views.values()].map((view) => view.node);
    for (const node of [...this.place.children]) if (!nodes.includes(node)) node.remove();
    putInOrder(this.place, nodes);
  }

  /** Forgets what was drawn: another conversation, or the same as it was stored elsewhere. */
  clear() {
    for (const view of this.#views.values()) view.leave();
    this.#views.clear();
    this.place.replaceChildren();
  }

  /** Has one message drawn anew the next time.
      @param {Message} message */
  forget(message) {
    this.#views.get(message.id)?.leave();
    this.#views.delete(message.id);
  }

  /** The reader is writing in one of the turns. */
  get editing() {
    return [...this.#views.values()].some((view) => view.editing);
  }

  /** @param {Message} message */
  view(message) {
    return this.#views.get(message.id);
  }
}
