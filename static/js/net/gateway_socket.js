// The page's one socket to /ws: frames of several chats and requests, told apart by their id. It
// opens when it is needed. When it is lost it opens again with growing pauses, and the chats under
// way are taken up where they were; requests are lost. Frames: docs/websocket.md.

import { tokenSubprotocols } from './token_store.js';

/** @import { ChatRequest, Closed, Frame, FrameListener, RouteRequest } from '../types.js' */

/** @typedef {object} Job a chat or a request
    @property {FrameListener} listener
    @property {boolean} chat
    @property {string | null} stream what it is resumed by
    @property {number} seq of the last frame
    @property {boolean} [opening] its socket is opening
    @property {boolean} [away] its socket is lost
    @property {boolean} [cancelled]
    @property {Closed | null} [resuming] how its socket was lost, until the gateway has answered */

const OPEN_MS = 15_000;

// Together about as long as the gateway lets a chat run on without its socket.
const PAUSES_MS = [100, 400, 1_000, 2_000, 4_000, 6_000, 6_000];

// A network that changed can leave a socket that seems open and is not: one that is silent is asked
// with a ping, and given up when it does not answer.
const BEAT_MS = 5_000;
const QUIET_MS = 10_000;
const DEAD_MS = 20_000;

const LAST_FRAMES = new Set(['done', 'error', 'end']);

// Closed on purpose: by us (1000), or by the gateway's decision about this client.
const FINAL_CODES = new Set([1000, 1008, 1009, 4401, 4403, 4429]);

const CUT = { code: 1006, reason: '' };

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

export class GatewaySocket {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Promise<WebSocket> | null} */
  #opening = null;
  /** @type {WebSocket | null} */
  #newest = null;
  #heardAt = 0;
  #heart = 0;
  /** @type {Map<string, Job>} */
  #jobs = new Map();

  /** Starts a chat. `listener` gets every frame with this id; besides, `{type: "waiting"}` when the
      socket is lost, `{type: "back"}` when it is there again, and `{type: "lost", code, reason}`
      when the chat is given up. Throws SocketRefused.
      @param {string} id
      @param {ChatRequest} request
      @param {FrameListener} listener */
  chat(id, request, listener) {
    return this.#begin(id, { type: 'chat', resumable: true, ...request }, listener);
  }

  /** Sends a request to one of Ollama's routes; `request` as in a request frame. `listener` gets its
      frames, or `lost`. Throws SocketRefused.
      @param {string} id
      @param {RouteRequest} request
      @param {FrameListener} listener */
  request(id, request, listener) {
    return this.#begin(id, { type: 'request', ...request }, listener);
  }

  /** Takes up a chat that another socket began; `stream` and `seq` as its frames had them.
      @param {string} id
      @param {{ stream: string, seq?: number }} place
      @param {FrameListener} listener */
  async resume(id, { stream, seq = 0 }, listener) {
    const socket = await this.#openFor(id, { listener, stream, seq, chat: true });
    if (socket) this.#askFor(socket, id);
  }

  /** Ends a chat or request; one that has not been sent yet is not sent.
      @param {string} id */
  cancel(id) {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.cancelled = true;
    if (job.opening && !job.stream) {
      this.#jobs.delete(id);
      job.listener({ type: 'done', reason: 'cancelled' });
    } else if (this.#socket && !job.away && !job.opening) {
      send(this.#socket, { type: 'cancel', id });
    }
  }

  /** Stops all that is under way and lets the socket go, also one that is opening, so that the next
      chat opens one with the token of that time. */
  reset() {
    const socket = this.#socket;
    const jobs = [...this.#jobs];
    this.#socket = this.#opening = this.#newest = null;
    this.#jobs.clear();
    for (const [id, { chat, opening, away, listener }] of jobs) {
      // Or a chat that may be resumed would run on for nobody.
      if (socket && !opening && !away) send(socket, { type: 'cancel', id });
      listener(
        chat ? { type: 'done', reason: 'cancelled' } : { type: 'lost', code: 1000, reason: '' },
      );
    }
    socket?.close(1000);
  }

  /** @param {string} id
      @param {{ type: string, [field: string]: unknown }} frame
      @param {FrameListener} listener */
  async #begin(id, frame, listener) {
    const socket = await this.#openFor(id, {
      listener,
      stream: null,
      seq: 0,
      chat: frame.type === 'chat',
    });
    if (socket) send(socket, { id, ...frame });
  }

  /** Opens the socket for a job; null when the job was given up meanwhile.
      @param {string} id
      @param {Job} job */
  async #openFor(id, job) {
    this.#jobs.set(id, job);
    job.opening = true;
    try {
      const socket = await this.#open();
      return this.#jobs.get(id) === job ? socket : null;
    } catch (refused) {
      if (this.#jobs.get(id) !== job) return null;
      this.#jobs.delete(id);
      throw refused;
    } finally {
      job.opening = false;
    }
  }

  /** @returns {Promise<WebSocket>} */
  #open() {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve(this.#socket);
    if (!this.#opening) {
      const opening = this.#connect().finally(() => {
        if (this.#opening === opening) this.#opening = null;
      });
      this.#opening = opening;
    }
    return this.#opening;
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
        this.#hear(JSON.parse(data));
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
    else if (this.#jobs.size === 0) this.#heardAt = performance.now();
    else if (performance.now() - this.#heardAt > DEAD_MS) this.#lose(socket, CUT);
    else if (performance.now() - this.#heardAt > QUIET_MS) send(socket, { type: 'ping' });
  }

  /** @param {Frame} frame */
  #hear(frame) {
    const id = frame.id ?? '';
    const job = this.#jobs.get(id);
    if (!job || (frame.seq !== undefined && frame.seq <= job.seq)) return;
    const { resuming } = job;
    job.resuming = null;
    job.seq = frame.seq ?? job.seq;
    if (frame.type === 'start') job.stream = frame.stream ?? null;
    if (LAST_FRAMES.has(frame.type)) this.#jobs.delete(id);
    // The gateway does not know the chat any more: for the reader it was lost.
    if (frame.type === 'error' && resuming) job.listener({ type: 'lost', ...resuming });
    else job.listener(frame);
  }

  /** @param {WebSocket} socket
      @param {Closed} how */
  #lose(socket, how) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    socket.close();
    const lost = [...this.#jobs].filter(([, { opening }]) => !opening);
    /** @param {[string, Job]} entry */
    const resumable = ([, { stream }]) => stream && !FINAL_CODES.has(how.code);
    const kept = lost.filter(resumable);
    this.#giveUp(new Map(lost.filter((job) => !resumable(job))), how);
    for (const [, job] of kept) {
      job.away = true;
      job.listener({ type: 'waiting' });
    }
    if (kept.length > 0) this.#recover(how);
  }

  /** @param {Closed} how */
  async #recover(how) {
    for (const pause of PAUSES_MS) {
      await new Promise((later) => {
        setTimeout(later, pause);
      });
      if (this.#away.size === 0) return;
      try {
        const socket = await this.#open();
        for (const id of this.#away.keys()) this.#askFor(socket, id, how);
        return;
      } catch {
        // The next pause is longer.
      }
    }
    this.#giveUp(this.#away, how);
  }

  /** The chats that lost their socket and have no other yet. */
  get #away() {
    return new Map([...this.#jobs].filter(([, { away }]) => away));
  }

  /** @param {WebSocket} socket
      @param {string} id
      @param {Closed} [how] */
  #askFor(socket, id, how = CUT) {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.away = false;
    job.resuming = how;
    send(socket, { type: 'resume', id, stream: job.stream, after: job.seq });
    if (job.cancelled) send(socket, { type: 'cancel', id });
    else job.listener({ type: 'back' });
  }

  /** @param {Map<string, Job>} jobs
      @param {Closed} how */
  #giveUp(jobs, how) {
    for (const [id, job] of jobs) {
      this.#jobs.delete(id);
      job.listener({ type: 'lost', ...how });
    }
  }
}

/** @param {WebSocket} socket
    @param {object} frame */
function send(socket, frame) {
  socket.send(JSON.stringify(frame));
}
