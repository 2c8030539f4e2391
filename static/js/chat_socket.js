// The page's one socket to /ws: frames of several chats, told apart by their id. It opens when it
// is needed. When it is lost it opens again with growing pauses, and the chats under way are taken
// up where they were. Frames: docs/websocket.md.

import { tokenSubprotocols } from './token_store.js';

const OPEN_MS = 15_000;

// Together about as long as the gateway lets a chat run on without its socket.
const PAUSES_MS = [100, 400, 1_000, 2_000, 4_000, 6_000, 6_000];

// Closed on purpose: by us (1000), or by the gateway's decision about this client.
const FINAL_CODES = new Set([1000, 1008, 1009, 4401, 4403, 4429]);

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
  #chats = new Map();

  /** Starts a chat. `listener` gets every frame with this id; besides, `{type: "waiting"}` when the
      socket is lost, `{type: "back"}` when it is there again, and `{type: "lost", code, reason}`
      when the chat is given up. Throws SocketRefused. */
  async chat(id, request, listener) {
    const socket = await this.#open();
    this.#chats.set(id, { listener, stream: null, seq: 0 });
    send(socket, { type: 'chat', id, resumable: true, ...request });
  }

  /** Takes up a chat that another socket began; `stream` and `seq` as its frames had them. */
  async resume(id, { stream, seq }, listener) {
    const socket = await this.#open();
    this.#chats.set(id, { listener, stream, seq });
    this.#askFor(socket, id);
  }

  cancel(id) {
    const chat = this.#chats.get(id);
    if (!chat) return;
    chat.cancelled = true;
    if (this.#socket) send(this.#socket, { type: 'cancel', id });
  }

  /** Lets the socket go, so that the next chat opens one with the token of that time. */
  reset() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#giveUp({ code: 1000, reason: '' });
  }

  #open() {
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
      socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
      socket.onclose = ({ code, reason }) => {
        clearTimeout(clock);
        refused(new SocketRefused(code, reason));
        if (this.#socket !== socket) return;
        this.#socket = null;
        this.#lost({ code, reason });
      };
    });
  }

  #hear(frame) {
    const chat = this.#chats.get(frame.id);
    if (!chat || (frame.seq !== undefined && frame.seq <= chat.seq)) return;
    const { resuming } = chat;
    chat.resuming = null;
    chat.seq = frame.seq ?? chat.seq;
    if (frame.type === 'start') chat.stream = frame.stream;
    if (frame.type === 'done' || frame.type === 'error') this.#chats.delete(frame.id);
    // The gateway does not know the chat any more: for the reader it was lost.
    if (frame.type === 'error' && resuming) chat.listener({ type: 'lost', ...resuming });
    else chat.listener(frame);
  }

  #lost(how) {
    for (const [id, chat] of this.#chats) {
      if (chat.stream && !FINAL_CODES.has(how.code)) {
        chat.listener({ type: 'waiting' });
      } else {
        this.#chats.delete(id);
        chat.listener({ type: 'lost', ...how });
      }
    }
    if (this.#chats.size > 0) this.#recover(how);
  }

  async #recover(how) {
    for (const pause of PAUSES_MS) {
      await new Promise((later) => { setTimeout(later, pause); });
      if (this.#chats.size === 0) return;
      try {
        const socket = await this.#open();
        for (const id of this.#chats.keys()) this.#askFor(socket, id, how);
        return;
      } catch {
        // The next pause is longer.
      }
    }
    this.#giveUp(how);
  }

  #askFor(socket, id, how = { code: 1006, reason: '' }) {
    const chat = this.#chats.get(id);
    chat.resuming = how;
    send(socket, { type: 'resume', id, stream: chat.stream, after: chat.seq });
    if (chat.cancelled) send(socket, { type: 'cancel', id });
    else chat.listener({ type: 'back' });
  }

  #giveUp(how) {
    const chats = [...this.#chats.values()];
    this.#chats.clear();
    for (const chat of chats) chat.listener({ type: 'lost', ...how });
  }
}

function send(socket, frame) {
  socket.send(JSON.stringify(frame));
}
