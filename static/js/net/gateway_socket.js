// What runs on the page's one socket to /ws: several chats and requests, told apart by their id.
// When the socket is lost it is opened again with growing pauses, and the chats under way are taken
// up where they were; requests are lost. Frames: docs/websocket.md.

import { CUT, Connection } from './connection.js';

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

// Together about as long as the gateway lets a chat run on without its socket.
const PAUSES_MS = [100, 400, 1_000, 2_000, 4_000, 6_000, 6_000];

const LAST_FRAMES = new Set(['done', 'error', 'end']);

// Closed on purpose: by us (1000), or by the gateway's decision about this client.
const FINAL_CODES = new Set([1000, 1008, 1009, 4401, 4403, 4429]);

export class GatewaySocket {
  /** @type {Map<string, Job>} */
  #jobs = new Map();
  #connection = new Connection({
    hear: (frame) => this.#hear(frame),
    lose: (how) => this.#lose(how),
    isIdle: () => this.#jobs.size === 0,
  });

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

  /** Watches what runs and what waits, until it is cancelled; `listener` gets each `activity` frame, or
      `lost`. Throws SocketRefused.
      @param {string} id
      @param {FrameListener} listener */
  watch(id, listener) {
    return this.#begin(id, { type: 'watch' }, listener);
  }

  /** Takes up a chat that another socket began; `stream` and `seq` as its frames had them.
      @param {string} id
      @param {{ stream: string, seq?: number }} place
      @param {FrameListener} listener */
  async resume(id, { stream, seq = 0 }, listener) {
    const isOpen = await this.#openFor(id, { listener, stream, seq, chat: true });
    if (isOpen) this.#askFor(id);
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
    } else if (!job.away && !job.opening) {
      this.#connection.send({ type: 'cancel', id });
    }
  }

  /** Stops all that is under way and lets the socket go, also one that is opening, so that the next
      chat opens one with the token of that time. */
  reset() {
    const jobs = [...this.#jobs];
    this.#jobs.clear();
    const sent = jobs.filter(([, { opening, away }]) => !opening && !away);
    // Or a chat that may be resumed would run on for nobody.
    this.#connection.letGo(sent.map(([id]) => ({ type: 'cancel', id })));
    for (const [, { chat, listener }] of jobs) {
      listener(
        chat ? { type: 'done', reason: 'cancelled' } : { type: 'lost', code: 1000, reason: '' },
      );
    }
  }

  /** @param {string} id
      @param {{ type: string, [field: string]: unknown }} frame
      @param {FrameListener} listener */
  async #begin(id, frame, listener) {
    const chat = frame.type === 'chat';
    const isOpen = await this.#openFor(id, { listener, stream: null, seq: 0, chat });
    if (isOpen) this.#connection.send({ id, ...frame });
  }

  /** Opens the socket for a job; false when the job was given up meanwhile.
      @param {string} id
      @param {Job} job */
  async #openFor(id, job) {
    this.#jobs.set(id, job);
    job.opening = true;
    try {
      await this.#connection.open();
      return this.#jobs.get(id) === job;
    } catch (refused) {
      if (this.#jobs.get(id) !== job) return false;
      this.#jobs.delete(id);
      throw refused;
    } finally {
      job.opening = false;
    }
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

  /** @param {Closed} how */
  #lose(how) {
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
        await this.#connection.open();
        for (const id of this.#away.keys()) this.#askFor(id, how);
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

  /** @param {string} id
      @param {Closed} [how] */
  #askFor(id, how = CUT) {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.away = false;
    job.resuming = how;
    this.#connection.send({ type: 'resume', id, stream: job.stream, after: job.seq });
    if (job.cancelled) this.#connection.send({ type: 'cancel', id });
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
