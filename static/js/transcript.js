// The shown messages in order. Only what changed is drawn.

import { byId } from './dom.js';
import { TurnView } from './turn_view.js';

export class Transcript {
  #views = new Map();

  /** `actionsFor(message)`: what its buttons run. */
  constructor(actionsFor) {
    this.place = byId('transcript');
    this.actionsFor = actionsFor;
  }

  /** Shows exactly these messages. */
  show(messages) {
    const views = new Map();
    for (const message of messages) {
      views.set(message.id, this.#views.get(message.id) ?? new TurnView(message, this.actionsFor(message)));
    }
    this.#views = views;
    this.place.replaceChildren(...[...views.values()].map((view) => view.node));
  }

  view(message) {
    return this.#views.get(message.id);
  }
}
