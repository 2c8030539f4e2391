// The way to the gateway for what streams: the socket, or plain HTTP where a proxy in between refuses
// the socket though the gateway answers.

import { SocketRefused } from './connection.js';
import { GatewaySocket } from './gateway_socket.js';
import { failureOf, lostFailure } from './failure.js';
import { RequestFailed, requestJson } from './http.js';
import { lazily } from '../ui/lazily.js';

/** @import { ChatRequest, Closed, Failure, FrameListener, ResumePlace, RouteRequest, Way } from '../types.js' */

// Browsers open six connections to a server; the page needs some of them for itself.
const HTTP_REQUESTS = 3;

// Why a stream is aborted that nobody asked to end: the token is another now.
const RESET = 'reset';

// A proxy that refused the socket is asked again after a while: it may just have been restarted.
const REFUSED_MS = 60_000;

const http = lazily(() => import('./http_stream.js'));

/** The chat could not be sent; `failure` as the page shows it. */
export class ChatRefused extends Error {
  /** @param {Failure} failure */
  constructor(failure) {
    super(failure.what);
    this.failure = failure;
  }
}

export class Transport {
  #socket = new GatewaySocket();
  /** @type {Map<string, AbortController>} */
  #streams = new Map();
  #refusedUntil = 0;
  #underWay = 0;
  /** @type {{ id: string, turn: () => void }[]} */
  #waiting = [];

  /** Starts a chat; see GatewaySocket. Returns the way it took: "socket" or "http". Throws
      ChatRefused.
      @param {string} id
      @param {ChatRequest} request
      @param {FrameListener} listener
      @returns {Promise<Way>} */
  async chat(id, request, listener) {
    if (performance.now() >= this.#refusedUntil) {
      try {
        await this.#socket.chat(id, request, listener);
        return 'socket';
      } catch (refused) {
        const how = refused instanceof SocketRefused ? refused : { code: 1006, reason: '' };
        const failure = await diagnose(how);
        if (failure) throw new ChatRefused(failure);
        this.#refusedUntil = performance.now() + REFUSED_MS;
      }
    }
    this.#overHttp(id, listener, ({ streamChat }, signal) =>
      streamChat(id, request, listener, signal),
    );
    return 'http';
  }

  /** Sends a request to one of Ollama's routes, whose answer is told as the frames of /ws. Over HTTP
      a few run at once, the others wait. Never throws.
      @param {string} id
      @param {RouteRequest} request
      @param {FrameListener} listener */
  async request(id, request, listener) {
    if (performance.now() >= this.#refusedUntil) {
      try {
        await this.#socket.request(id, request, listener);
        return;
      } catch {
        // The token may manage and not chat, or a proxy is in between: HTTP tells which.
      }
    }
    const run = () =>
      this.#overHttp(id, listener, ({ streamRequest }, signal) =>
        streamRequest(id, request, listener, signal),
      );
    const turn = async () => {
      this.#underWay += 1;
      await run();
      this.#underWay -= 1;
      this.#waiting.shift()?.turn();
    };
    if (this.#underWay < HTTP_REQUESTS) turn();
    else this.#waiting.push({ id, turn });
  }

  /** Takes up a chat of an earlier page. Throws where no socket opens.
      @param {string} id
      @param {ResumePlace} place
      @param {FrameListener} listener */
  resume(id, place, listener) {
    return this.#socket.resume(id, place, listener);
  }

  /** Watches what runs and what waits; see GatewaySocket. Throws where no socket opens.
      @param {string} id
      @param {FrameListener} listener */
  async watch(id, listener) {
    if (performance.now() < this.#refusedUntil) throw new SocketRefused(1006, '');
    await this.#socket.watch(id, listener);
  }

  /** @param {string} id */
  cancel(id) {
    this.#socket.cancel(id);
    this.#streams.get(id)?.abort();
    this.#waiting = this.#waiting.filter((one) => one.id !== id);
  }

  /** Begins anew with the token of now. */
  reset() {
    this.#refusedUntil = 0;
    this.#socket.reset();
    for (const abort of this.#streams.values()) abort.abort(RESET);
  }

  /** @param {string} id
      @param {FrameListener} listener
      @param {(streams: typeof import('./http_stream.js'), signal: AbortSignal) => Promise<void>} stream */
  async #overHttp(id, listener, stream) {
    const abort = new AbortController();
    this.#streams.set(id, abort);
    const streams = await http();
    if (streams) await stream(streams, abort.signal);
    else listener({ id, type: 'lost', code: 1006, reason: '' });
    if (this.#streams.get(id) === abort) this.#streams.delete(id);
  }
}

/** Why the socket was refused, null when it is the socket alone. A browser is told no more than a
    close code, so the gateway is asked over HTTP whether it is there and knows the token.
    @param {Closed} closed */
async function diagnose({ code, reason }) {
  if (code >= 4000) return lostFailure({ code, reason });
  try {
    await requestJson('/api/version');
    return null;
  } catch (failure) {
    return failureOf(failure instanceof RequestFailed ? failure : { status: 502, message: '' });
  }
}
