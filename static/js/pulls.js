// Models on their way to the server. They go on while the view of the models is closed.

import { failureOf } from './failure.js';
import { authorization, refusal } from './http.js';
import { objects } from './ndjson.js';

/** Fires `change`. A pull: `{ name, status, completed, total, failure, stop() }`. */
export class Pulls extends EventTarget {
  list = [];

  /** `arrived()` runs when a model has come. */
  constructor(arrived) {
    super();
    this.arrived = arrived;
  }

  /** Begins to fetch a model; the same name twice is one pull. */
  async start(name) {
    if (this.list.some((pull) => pull.name === name && !pull.failure)) return;
    this.list = this.list.filter((pull) => pull.name !== name);
    const abort = new AbortController();
    const pull = { name, status: '', completed: 0, total: 0, failure: null, stop: () => abort.abort() };
    this.list.push(pull);
    this.#changed();
    try {
      await this.#follow(pull, abort.signal);
      this.#drop(pull);
      this.arrived();
    } catch (failure) {
      if (abort.signal.aborted) this.#drop(pull);
      else pull.failure = failure.what ? failure : failureOf({ status: 0, message: '' });
      this.#changed();
    }
  }

  async #follow(pull, signal) {
    const answer = await fetch('/api/pull', {
      method: 'POST',
      headers: { ...authorization(), 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: pull.name }),
      signal,
    });
    if (!answer.ok) throw failureOf(await refusal(answer), pull.name);
    for await (const line of objects(answer.body)) {
      if (line.error) throw failureOf({ status: 500, message: String(line.error) }, pull.name);
      Object.assign(pull, { status: line.status, completed: line.completed ?? 0, total: line.total ?? 0 });
      this.#changed();
    }
    if (pull.status !== 'success') throw failureOf({ status: 502, message: '' });
  }

  #drop(pull) {
    this.list = this.list.filter((other) => other !== pull);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
