// Models on their way to the server. They go on while the view of the models is closed.

import { failureOf, pullFailureOf } from '../net/failure.js';
import { newId } from '../ui/ids.js';

/** @import { Failure, Frame, Pull, PullProgress } from '../types.js'
    @import { Transport } from '../net/transport.js' */

const AGAIN_MS = 1_000;
const TRIES = 3;

/** Fires `change`. A pull: `{ name, status, completed, total, failure, stop() }`; failed ones stay until
    they are stopped. */
export class Pulls extends EventTarget {
  /** @type {Pull[]} */
  list = [];

  /** `transport`: the way to the gateway. `arrived()` runs when a model has come.
      @param {Transport} transport
      @param {() => unknown} arrived */
  constructor(transport, arrived) {
    super();
    this.transport = transport;
    this.arrived = arrived;
  }

  /** Begins to fetch a model; the same name twice is one pull, and keeps its place.
      @param {string} name */
  start(name) {
    if (this.list.some((other) => other.name === name && !other.failure)) return;
    /** @type {Pull} */
    const pull = {
      id: '',
      name,
      status: '',
      completed: 0,
      total: 0,
      failure: null,
      tries: 0,
      stop: () => this.#stop(pull),
    };
    const again = this.list.some((other) => other.name === name);
    this.list = again
      ? this.list.map((other) => (other.name === name ? pull : other))
      : [...this.list, pull];
    this.#changed();
    this.#ask(pull);
  }

  /** @param {Pull} pull */
  #ask(pull) {
    pull.id = newId();
    pull.tries += 1;
    const request = { method: 'POST', path: '/api/pull', body: { model: pull.name } };
    this.transport.request(pull.id, request, (frame) => this.#hear(pull, frame));
  }

  /** @param {Pull} pull
      @param {Frame} frame */
  #hear(pull, frame) {
    if (!this.list.includes(pull)) return;
    if (frame.type === 'chunk') this.#read(pull, frame.data);
    else if (frame.type === 'error') this.#fail(pull, pullFailureOf(frame, pull.name));
    else if (frame.type === 'end') this.#end(pull);
    else if (frame.type === 'lost') this.#lose(pull);
    else if (frame.type === 'response' && frame.status >= 400) pull.refused = frame.status;
    this.#changed();
  }

  /** @param {Pull} pull
      @param {PullProgress} progress */
  #read(pull, { error, status, completed = 0, total = 0 }) {
    if (error)
      this.#fail(
        pull,
        pullFailureOf({ status: pull.refused ?? 500, message: String(error) }, pull.name),
      );
    else Object.assign(pull, { status, completed, total, tries: 1 });
  }

  /** @param {Pull} pull */
  #end(pull) {
    if (pull.failure) return;
    if (pull.status !== 'success') {
      this.#fail(pull, failureOf({ status: 502, message: '' }));
      return;
    }
    this.#drop(pull);
    this.arrived();
  }

  /** Ollama keeps what it has, and goes on from there when it is asked again.
      @param {Pull} pull */
  #lose(pull) {
    if (pull.tries >= TRIES) this.#fail(pull, failureOf({ status: 0, message: '' }));
    else setTimeout(() => this.list.includes(pull) && this.#ask(pull), AGAIN_MS);
  }

  /** @param {Pull} pull
      @param {Failure} failure */
  #fail(pull, failure) {
    pull.failure ??= failure;
  }

  /** Ends it; one that failed is forgotten.
      @param {Pull} pull */
  #stop(pull) {
    this.transport.cancel(pull.id);
    this.#drop(pull);
  }

  /** @param {Pull} pull */
  #drop(pull) {
    this.list = this.list.filter((other) => other !== pull);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
