// Which messages of a conversation have changed, or gone, since they were last stored.

/** @import { Message } from '../types.js' */

export class Unstored {
  /** @type {Set<string>} */
  #changed = new Set();
  /** @type {Set<string>} */
  #gone = new Set();

  /** A message is new, changed or back.
      @param {Pick<Message, 'id'>} message */
  change({ id }) {
    this.#changed.add(id);
    this.#gone.delete(id);
  }

  /** A message was taken out.
      @param {Pick<Message, 'id'>} message */
  remove({ id }) {
    this.#gone.add(id);
  }

  /** The ids of those that changed and of those that are gone; they count as stored from now on. */
  take() {
    const taken = { changed: [...this.#changed], gone: [...this.#gone] };
    this.#changed.clear();
    this.#gone.clear();
    return taken;
  }
}
