// The page's one socket to /ws: frames of several chats, told apart by their id. It opens when it
// is needed and again after it was lost. Frames: docs/websocket.md.

import { tokenSubprotocols } from './token_store.js';

const OPEN_MS = 15_000;

/** The socket did not open; `code` is its close code (1006 when the server refused the upgrade). */
export class SocketRefused extends Error {
  constructor(code, reason) {
    super(`the socket was refused with ${code}`);
    this.code = code;
    this.reason = reason;
  }
}

export class ChatSocket {
  #socket = null;
  #opening = null;
  #listeners = new Map();

  /** `diagnose(refused)`: finds the failure behind a SocketRefused. */
  constructor(diagnose) {
    this.diagnose = diagnose;
  }

  /** Starts a chat. `listener` gets every frame with this id, and `{type: "lost", code, reason}`
      when the socket goes before `done` or `error`. Throws SocketRefused. */
  async chat(id, request, listener) {
    const socket = await this.open();
    this.#listeners.set(id, listener);
    socket.send(JSON.stringify({ type: 'chat', id, ...request }));
  }

  cancel(id) {
    if (this.#listeners.has(id)) this.#socket?.send(JSON.stringify({ type: 'cancel', id }));
  }

  /** Lets the socket go, so that the next chat opens one with the token of that time. */
  reset() {
    const socket = this.#socket;
    this.#lose(1000, '');
    socket?.close(1000);
  }

  open() {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve(this.#socket);
    this.#opening ??= this.#connect().finally(() => { this.#opening = null; });
    return this.#opening;
  }

  #connect() {
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, tokenSubprotocols());
    return new Promise((opened, refused) => {
      const clock = setTimeout(() => socket.close(), OPEN_MS);
      socket.onopen = () => {
        clearTimeout(clock);
        this.#socket = socket;
        opened(socket);
      };
      socket.onmessage = ({ data }) => this.#hear(data);
      socket.onclose = ({ code, reason }) => {
        clearTimeout(clock);
        refused(new SocketRefused(code, reason));
        if (this.#socket === socket) this.#lose(code, reason);
      };
    });
  }

  #hear(data) {
    const frame = JSON.parse(data);
    const listener = this.#listeners.get(frame.id);
    if (!listener) return;
    if (frame.type === 'done' || frame.type === 'error') this.#listeners.delete(frame.id);
    listener(frame);
  }

  #lose(code, reason) {
    this.#socket = null;
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener({ type: 'lost', code, reason });
  }
}
