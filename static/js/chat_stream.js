// A chat over plain HTTP, for where no socket gets through: Ollama's NDJSON, told as the frames
// of /ws.

import { authorization, refusal } from './http.js';
import { objects } from './ndjson.js';

/** Starts a chat; `listener` gets frames as ChatSocket's does. `signal` ends it. Never throws. */
export async function streamChat(id, request, listener, signal) {
  let ended = false;
  const tell = (frame) => {
    ended ||= frame.type === 'done' || frame.type === 'error';
    listener({ id, ...frame });
  };
  try {
    const answer = await fetch('/api/chat', {
      method: 'POST',
      headers: { ...authorization(), 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...request, stream: true }),
      signal,
    });
    if (!answer.ok) {
      const { status, message, retryAfter } = await refusal(answer);
      tell({ type: 'error', status, message, retryAfter });
      return;
    }
    for await (const record of objects(answer.body)) tellRecord(record, tell);
    if (!ended) tell({ type: 'error', status: 502, message: '' });
  } catch {
    if (signal.aborted) tell({ type: 'done', reason: 'cancelled' });
    else if (!ended) listener({ type: 'lost', code: 1006, reason: '' });
  }
}

function tellRecord(record, tell) {
  if (record.error) {
    tell({ type: 'error', status: 502, message: String(record.error) });
    return;
  }
  const { content, thinking, tool_calls: calls } = record.message ?? {};
  if (content || thinking || calls) tell({ type: 'delta', content, thinking, tool_calls: calls });
  if (record.done) tell(ending(record));
}

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
