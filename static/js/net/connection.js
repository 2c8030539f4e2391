// One socket to the gateway at a time: it is opened when it is asked for, listened to while it is
// open, and given up when it is silent for too long. What is said on it is for gateway_socket.js.

import { tokenSubprotocols } from './token_store.js';

/** @import { Closed, Frame } from '../types.js' */

const OPEN_MS = 15_000;

// A network that changed can leave a socket that seems open and is not: one that is silent is asked
// with a ping, and given up when it does not answer.
const BEAT_MS = 5_000;
const QUIET_MS = 10_000;
const DEAD_MS = 20_000;

export const CUT = { code: 1006, reason: '' };

/** The socket did not open; `code` is its close code (1006 when the server refused the upgrade). */
export class SocketRefused extends Error {
  /** @param {number} code
      @param {string} reason */
  constructor(code, reason) {
    super(`the socket was refused with ${code}`);
    this.code = code;
    this.reason = reason;
  }
}

export class Connection {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Promise<WebSocket> | null} */
  #opening = null;
  /** @type {WebSocket | null} */
  #newest = null;
  #heardAt = 0;
  #heart = 0;

  /** `hear` gets each frame, `lose` how an open socket ended that was not let go of. While `isIdle` its
      silence means nothing.
      @param {{ hear: (frame: Frame) => void, lose: (how: Closed) => void, isIdle: () => boolean }} on */
  constructor({ hear, lose, isIdle }) {
    this.hear = hear;
    this.lose = lose;
    this.isIdle = isIdle;
  }

  /** The socket that is open, or that is opened now. Throws SocketRefused.
      @returns {Promise<WebSocket>} */
  open() {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve(this.#socket);
    if (!this.#opening) {
      const opening = this.#connect().finally(() => {
        if (this.#opening === opening) this.#opening = null;
      });
      this.#opening = opening;
    }
    return this.#opening;
  }

  /** Sends a frame, where a socket is open.
      @param {object} frame */
  send(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** Lets the socket go, also one that is opening; `last` are the frames that it sends before.
      @param {object[]} last */
  letGo(last) {
    for (const frame of last) this.send(frame);
    const socket = this.#socket;
    this.#socket = this.#opening = this.#newest = null;
    socket?.close(1000);
  }

  /** @returns {Promise<WebSocket>} */
  #connect() {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, tokenSubprotocols());
    this.#newest = socket;
    return new Promise((opened, refused) => {
      const clock = setTimeout(() => socket.close(), OPEN_MS);
      socket.onopen = () => {
        clearTimeout(clock);
        if (this.#newest !== socket) {
          // it was let go while it opened
          socket.close(1000);
          return;
        }
        this.#socket = socket;
        this.#listenToHeart();
        opened(socket);
      };
      socket.onmessage = ({ data }) => {
        this.#heardAt = performance.now();
        this.hear(JSON.parse(data));
      };
      socket.onclose = ({ code, reason }) => {
        clearTimeout(clock);
        refused(new SocketRefused(code, reason));
        this.#lose(socket, { code, reason });
      };
    });
  }

  #listenToHeart() {
    clearInterval(this.#heart);
    this.#heardAt = performance.now();
    this.#heart = setInterval(() => this.#beat(), BEAT_MS);
  }

  #beat() {
    const socket = this.#socket;
    if (!socket) clearInterval(this.#heart);
    else if (this.isIdle()) this.#heardAt = performance.now();
    else if (performance.now() - this.#heardAt > DEAD_MS) this.#lose(socket, CUT);
    else if (performance.now() - this.#heardAt > QUIET_MS) this.send({ type: 'ping' });
  }

  /** @param {WebSocket} socket
      @param {Closed} how */
  #lose(socket, how) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    socket.close();
    this.lose(how);
  }
}
