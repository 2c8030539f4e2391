// The models of the server: those that can chat, which of them is chosen, and which are in memory.

import { canChat, isEncoder, namesEmbedding } from './capabilities.js';
import { RequestFailed, requestJson } from '../net/http.js';
import { recallJson, remember } from '../ui/prefs.js';

/** @import { Model, ModelDetails } from '../types.js' */

const RECENT = 5;

/** Fires `change` when the list, the choice or the memory changed. `list`: those that can chat, of
    `all`. `failure`: the RequestFailed of the last look, or null. */
export class Models extends EventTarget {
  /** @type {Model[]} */
  all = [];
  /** @type {Model[]} */
  list = [];
  /** @type {string | null} */
  current = null;
  /** @type {RequestFailed | null} */
  failure = null;
  known = false;
  /** @type {Set<string>} */
  #loaded = new Set();
  /** @type {Map<string, number | null>} */
  #contexts = new Map();
  /** @type {Map<string, Promise<ModelDetails | null>>} */
  #details = new Map();

  /** Reads the list again. Never throws: see `failure`. */
  async refresh() {
    try {
      /** @type {{ models: Model[] }} */
      const { models } = await requestJson('/api/tags');
      const chatting = await Promise.all(models.map((model) => this.#isForChats(model)));
      this.all = models;
      this.list = models.filter((_, index) => chatting[index]);
      this.failure = null;
      this.known = true;
    } catch (failure) {
      // Or what answers is no Ollama, whose list has another form.
      this.failure = failure instanceof RequestFailed ? failure : new RequestFailed(502, '');
    }
    if (!this.find(this.current)) this.current = this.#preferred();
    this.#changed();
    if (!this.failure) await this.lookAtMemory();
  }

  /** @param {string | null} name
      @returns {Model | null} */
  find(name) {
    return this.list.find((model) => model.name === name) ?? null;
  }

  /** @param {string} name */
  choose(name) {
    this.current = name;
    remember(
      'models',
      JSON.stringify([name, ...this.recent().filter((other) => other !== name)].slice(0, RECENT)),
    );
    this.#changed();
  }

  /** Takes the model of a chat that is opened, where it is still there; that is no new choice.
      @param {string | null} name */
  use(name) {
    if (!this.find(name) || name === this.current) return;
    this.current = name;
    this.#changed();
  }

  /** Names chosen on this device, the latest first.
      @returns {string[]} */
  recent() {
    return recallJson('models', () => []);
  }

  /** @param {string} name */
  isLoaded(name) {
    return this.#loaded.has(name);
  }

  /** The context the model ran with, in tokens, when it was last seen in memory; else null.
      @param {string} name */
  loadedContext(name) {
    return this.#contexts.get(name) ?? null;
  }

  async lookAtMemory() {
    try {
      /** @type {{ models: Model[] }} */
      const { models } = await requestJson('/api/ps');
      for (const model of models) this.#contexts.set(model.name, model.context_length ?? null);
      const before = this.#loaded;
      this.#loaded = new Set(models.map((model) => model.name));
      // Looks are frequent while a model loads; who draws is told of what is new only.
      if (before.size !== this.#loaded.size || [...before].some((name) => !this.#loaded.has(name)))
        this.#changed();
    } catch {
      // The dots in the list are a courtesy; the next look may work.
    }
  }

  /** What `/api/show` says of a model, asked until it is known; null where it says nothing.
      @param {string} name */
  async details(name) {
    const known = this.#details.get(name);
    if (known) return known;
    const asked = requestJson('/api/show', { body: { model: name } }).catch(() => {
      this.#details.delete(name);
      return null;
    });
    this.#details.set(name, asked);
    this.#correct(name, await asked);
    return asked;
  }

  /** The list may say of models for embeddings that they chat: Ollama's cache of it misses what stands
      before `general.architecture` in their file. `/api/show` reads the file itself. It is asked where
      the name speaks of embeddings, and where the list says nothing, as that of Ollama before 0.32.
      @param {Model} model */
  async #isForChats(model) {
    if (isEncoder(model)) return false;
    if (!model.capabilities || (canChat(model) && namesEmbedding(model))) {
      model.capabilities = (await this.details(model.name))?.capabilities ??
        model.capabilities ?? ['completion'];
    }
    return canChat(model);
  }

  /** Takes a model off the list that cannot chat, as is known now.
      @param {string} name
      @param {ModelDetails | null} details */
  #correct(name, details) {
    const model = this.find(name);
    if (!model || !details?.capabilities || canChat(details)) return;
    model.capabilities = details.capabilities;
    this.list = this.list.filter((other) => other !== model);
    if (this.current === name) this.current = this.#preferred();
    this.#changed();
  }

  #preferred() {
    const usable = this.recent().find((name) => this.find(name));
    return usable ?? this.list[0]?.name ?? null;
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
