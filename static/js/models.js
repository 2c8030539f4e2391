// The models that can chat, which of them is chosen, and which are in memory.

import { requestJson } from './http.js';
import { recall, remember } from './prefs.js';

const RECENT = 5;

/** Fires `change` when the list, the choice or the memory changed. `failure`: the RequestFailed of
    the last look, or null. */
export class Models extends EventTarget {
  list = [];
  current = null;
  failure = null;
  known = false;
  #loaded = new Set();
  #details = new Map();

  /** Reads the list again. Never throws: see `failure`. */
  async refresh() {
    try {
      const { models } = await requestJson('/api/tags');
      const chatting = await Promise.all(models.map((model) => this.#canChat(model)));
      this.list = models.filter((_, index) => chatting[index]);
      this.failure = null;
      this.known = true;
    } catch (failure) {
      this.failure = failure;
    }
    if (!this.find(this.current)) this.current = this.#preferred();
    this.#changed();
    if (!this.failure) await this.lookAtMemory();
  }

  find(name) {
    return this.list.find((model) => model.name === name) ?? null;
  }

  choose(name) {
    this.current = name;
    remember('models', JSON.stringify([name, ...this.recent().filter((other) => other !== name)].slice(0, RECENT)));
    this.#changed();
  }

  /** Names chosen on this device, the latest first. */
  recent() {
    try {
      return JSON.parse(recall('models', '[]'));
    } catch {
      return [];
    }
  }

  isLoaded(name) {
    return this.#loaded.has(name);
  }

  /** The context the model runs with, in tokens, while it is in memory; else null. */
  loadedContext(name) {
    return this.#details.get(`ps ${name}`) ?? null;
  }

  async lookAtMemory() {
    try {
      const { models } = await requestJson('/api/ps');
      this.#loaded = new Set(models.map((model) => model.name));
      for (const model of models) this.#details.set(`ps ${model.name}`, model.context_length ?? null);
      this.#changed();
    } catch {
      // The dots in the list are a courtesy; the next look may work.
    }
  }

  /** What `/api/show` says of a model, asked once; null where it says nothing. */
  async details(name) {
    if (!this.#details.has(name)) {
      const asked = requestJson('/api/show', { body: { model: name } }).catch(() => null);
      this.#details.set(name, asked);
    }
    return this.#details.get(name);
  }

  /** Ollama before 0.32 lists no capabilities: then its `/api/show` is asked. */
  async #canChat(model) {
    model.capabilities ??= (await this.details(model.name))?.capabilities ?? ['completion'];
    return model.capabilities.includes('completion');
  }

  #preferred() {
    const usable = this.recent().find((name) => this.find(name));
    return usable ?? this.list[0]?.name ?? null;
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

export const canSee = (model) => model?.capabilities.includes('vision') ?? false;
export const canUseTools = (model) => model?.capabilities.includes('tools') ?? false;
export const canThink = (model) => model?.capabilities.includes('thinking') ?? false;
