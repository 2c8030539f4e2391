// Chats and requests over plain HTTP, for where no socket gets through: Ollama's NDJSON, told as the
// frames of /ws.

import { authorization, refusal } from './http.js';
import { objects } from './ndjson.js';

/** @import { ChatLine, ChatRequest, DoneFrame, ErrorFrame, Frame, FrameListener, RouteRequest } from '../types.js' */

/** @type {Frame} */
const CANCELLED = { type: 'done', reason: 'cancelled' };
/** @type {Frame} */
const LOST = { type: 'lost', code: 1006, reason: '' };

/** Starts a chat; `listener` gets frames as GatewaySocket's does. `signal` ends it. Never throws.
    @param {string} id
    @param {ChatRequest} request
    @param {FrameListener} listener
    @param {AbortSignal} signal */
export async function streamChat(id, request, listener, signal) {
  let ended = false;
  /** @param {Frame} frame */
  const tell = (frame) => {
    ended ||= frame.type === 'done' || frame.type === 'error';
    listener({ id, ...frame });
  };
  await guarded(
    tell,
    () => (signal.aborted ? CANCELLED : LOST),
    async () => {
      const answer = await send('POST', '/api/chat', { ...request, stream: true }, signal);
      if (!answer.ok) {
        tell(await errorFrame(answer));
        return;
      }
      for await (const record of objects(answer.body)) tellRecord(record, tell);
      if (!ended) tell({ type: 'error', status: 502, message: '' });
    },
  );
}

/** Sends a request (`{ method, path, body }`), whose answer is a stream of lines; else as
    `streamChat`.
    @param {string} id
    @param {RouteRequest} request
    @param {FrameListener} listener
    @param {AbortSignal} signal */
export async function streamRequest(id, { method, path, body }, listener, signal) {
  /** @param {Frame} frame */
  const tell = (frame) => listener({ id, ...frame });
  const end = () => (signal.aborted && signal.reason !== 'reset' ? CANCELLED : LOST);
  await guarded(tell, end, async () => {
    const answer = await send(method, path, body, signal);
    if (!answer.ok) {
      tell(await errorFrame(answer));
      return;
    }
    tell({ type: 'response', status: answer.status });
    for await (const record of objects(answer.body)) tell({ type: 'chunk', data: record });
    tell({ type: 'end' });
  });
}

/** @param {FrameListener} tell
    @param {() => Frame} end
    @param {() => Promise<void>} work */
async function guarded(tell, end, work) {
  try {
    await work();
  } catch {
    tell(end());
  }
}

/** @param {string} method
    @param {string} path
    @param {unknown} body
    @param {AbortSignal} signal */
function send(method, path, body, signal) {
  const headers = { ...authorization(), 'Content-Type': 'application/json' };
  return fetch(path, { method, headers, body: JSON.stringify(body), signal });
}

/** @param {Response} answer
    @returns {Promise<ErrorFrame>} */
async function errorFrame(answer) {
  const { status, message, retryAfter } = await refusal(answer);
  return { type: 'error', status, message, retry_after: retryAfter };
}

/** @param {ChatLine} record
    @param {FrameListener} tell */
function tellRecord(record, tell) {
  if (record.error) {
    tell({ type: 'error', status: 502, message: String(record.error) });
    return;
  }
  const { content, thinking, tool_calls: calls } = record.message ?? {};
  if (content || thinking || calls) tell({ type: 'delta', content, thinking, tool_calls: calls });
  if (record.done) tell(ending(record));
}

/** @param {ChatLine} record
    @returns {DoneFrame} */
function ending(record) {
  const { prompt_eval_count: prompt = 0, eval_count: reply = 0, eval_duration: took = 0 } = record;
  return {
    type: 'done',
    reason: record.done_reason ?? 'stop',
    usage: { prompt_tokens: prompt, completion_tokens: reply, total_tokens: prompt + reply },
    timings: {
      total_ms: (record.total_duration ?? 0) / 1e6,
      load_ms: (record.load_duration ?? 0) / 1e6,
      tokens_per_second: took ? reply / (took / 1e9) : undefined,
    },
  };
}
