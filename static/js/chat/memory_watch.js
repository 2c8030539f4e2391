// Whether the model that is to answer is in Ollama's memory, or on its way there. What was known
// before may have been unloaded since, so it is looked at until it is there.

/** @import { Models } from '../models/models.js' */

const LOOK_MS = 1_000;

export class MemoryWatch {
  #clock = 0;
  /** @type {object | null} */
  #look = null;
  #models;
  #model;
  #onState;

  /** @param {Models} models
      @param {string} model
      @param {(state: 'loading' | 'reading') => void} onState hears `loading` until the model is there,
          then `reading` once. */
  constructor(models, model, onState) {
    this.#models = models;
    this.#model = model;
    this.#onState = onState;
  }

  async start() {
    this.stop();
    const look = {};
    this.#look = look;
    await Promise.race([
      this.#models.lookAtMemory(),
      new Promise((late) => {
        setTimeout(late, LOOK_MS);
      }),
    ]);
    if (this.#look !== look) return;
    if (this.#models.isLoaded(this.#model)) {
      this.#onState('reading');
      return;
    }
    this.#onState('loading');
    this.#clock = setTimeout(() => this.start(), LOOK_MS);
  }

  /** Looks no more: what is found now is of a phase that is over. */
  stop() {
    clearTimeout(this.#clock);
    this.#look = null;
  }
}
