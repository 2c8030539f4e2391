// What runs and what waits on the server, as it is now: told by the gateway over the socket, or asked
// for every few seconds where no socket opens.

import { RequestFailed, requestJson } from '../net/http.js';
import { newId } from '../ui/ids.js';

/** @import { Frame, QueueRow, QueueState } from '../types.js'
    @import { Transport } from '../net/transport.js' */

const AGAIN_MS = 2_000;

// A speed is that of the last seconds, not of the whole answer.
const WINDOW_S = 5;

/** Fires `change`. `state`: null before the first answer; `failure`: why there is none, where one was
    refused. */
export class Activity extends EventTarget {
  /** @type {QueueState | null} */
  state = null;
  /** @type {RequestFailed | null} */
  failure = null;
  #transport;
  #watch = '';
  #told = false;
  #clock = 0;
  /** @type {Map<number, { tokens: number, at: number }[]>} */
  #seen = new Map();

  /** @param {Transport} transport */
  constructor(transport) {
    super();
    this.#transport = transport;
  }

  start() {
    this.stop();
    this.#ask();
  }

  stop() {
    clearTimeout(this.#clock);
    if (this.#watch) this.#transport.cancel(this.#watch);
    this.#watch = '';
  }

  /** Tokens a second that a request makes now; null while it is not known.
      @param {QueueRow} row */
  speed({ id }) {
    const seen = this.#seen.get(id) ?? [];
    const [first] = seen;
    const last = seen.at(-1);
    return last && last.at > first.at ? (last.tokens - first.tokens) / (last.at - first.at) : null;
  }

  async #ask() {
    const id = newId();
    this.#watch = id;
    this.#told = false;
    try {
      await this.#transport.watch(id, (frame) => {
        if (this.#watch === id) this.#hear(frame);
      });
    } catch {
      if (this.#watch === id) this.#poll();
    }
  }

  /** @param {Frame} frame */
  #hear(frame) {
    if (frame.type === 'activity') {
      this.#told = true;
      this.#take(frame);
    } else if (frame.type === 'lost' && this.#told) {
      this.#clock = setTimeout(() => this.start(), AGAIN_MS);
    } else if (frame.type === 'lost' || frame.type === 'error') {
      // Refused: a token that may manage and not chat opens no socket.
      this.#poll();
    }
  }

  async #poll() {
    const watch = this.#watch;
    /** @type {QueueState | null} */
    const state = await requestJson('/queue').catch((failure) => {
      this.failure = failure instanceof RequestFailed ? failure : new RequestFailed(502, '');
      return null;
    });
    if (this.#watch !== watch) return;
    if (state) this.#take(state);
    else this.dispatchEvent(new Event('change'));
    this.#clock = setTimeout(() => this.#poll(), AGAIN_MS);
  }

  /** @param {QueueState} state */
  #take(state) {
    this.state = state;
    this.failure = null;
    const before = this.#seen;
    this.#seen = new Map(
      state.requests.map(({ id, output_tokens: tokens, running_s: at }) => {
        const seen = before.get(id) ?? [];
        if (at !== null && tokens > 0) seen.push({ tokens, at });
        return [id, seen.filter((one) => one.at > (at ?? 0) - WINDOW_S)];
      }),
    );
    this.dispatchEvent(new Event('change'));
  }
}
