// The way a chat takes to the gateway: the socket, or plain HTTP where a proxy in between refuses
// the socket though the gateway answers.

import { ChatSocket } from './chat_socket.js';
import { streamChat } from './chat_stream.js';
import { failureOf, lostFailure } from './failure.js';
import { requestJson } from './http.js';

/** The chat could not be sent; `failure` as the page shows it. */
export class ChatRefused extends Error {
  constructor(failure) {
    super(failure.what);
    this.failure = failure;
  }
}

export class ChatLine {
  #socket = new ChatSocket();
  #streams = new Map();
  #socketRefused = false;

  /** Starts a chat; see ChatSocket. Returns the way it took: "socket" or "http". Throws
      ChatRefused. */
  async chat(id, request, listener) {
    if (!this.#socketRefused) {
      try {
        await this.#socket.chat(id, request, listener);
        return 'socket';
      } catch (refused) {
        const failure = await diagnose(refused);
        if (failure) throw new ChatRefused(failure);
        this.#socketRefused = true;
      }
    }
    const abort = new AbortController();
    this.#streams.set(id, abort);
    streamChat(id, request, listener, abort.signal).finally(() => this.#streams.delete(id));
    return 'http';
  }

  /** Takes up a chat of an earlier page. Throws where no socket opens. */
  resume(id, place, listener) {
    return this.#socket.resume(id, place, listener);
  }

  cancel(id) {
    this.#socket.cancel(id);
    this.#streams.get(id)?.abort();
  }

  /** Begins anew with the token of now. */
  reset() {
    this.#socketRefused = false;
    this.#socket.reset();
    for (const abort of this.#streams.values()) abort.abort();
  }
}

/** Why the socket was refused, null when it is the socket alone. A browser is told no more than a
    close code, so the gateway is asked over HTTP whether it is there and knows the token. */
async function diagnose({ code, reason }) {
  if (code >= 4000) return lostFailure({ code, reason });
  try {
    await requestJson('/api/version');
    return null;
  } catch (failure) {
    return failureOf(failure);
  }
}
