// Requests to the gateway that are not the chat's stream.

import { token } from './token_store.js';

const PATIENCE_MS = 20_000;

/** The gateway refused, or could not be reached (`status` 0). `message` is its own sentence. */
export class RequestFailed extends Error {
  /** @param {number} status
      @param {string} message
      @param {number | null} [retryAfter] */
  constructor(status, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** @param {string | null} [candidate]
    @returns {Record<string, string>} */
export function authorization(candidate = token()) {
  return candidate ? { Authorization: `Bearer ${candidate}` } : {};
}

/** The answer's JSON. `candidate`: a token to try instead of the kept one. `allow`: statuses
    other than 2xx whose body is wanted. Throws RequestFailed.
    @param {string} path
    @param {{ body?: unknown, candidate?: string, allow?: number[] }} [how]
    @returns {Promise<any>} */
export async function requestJson(path, { body, candidate, allow = [] } = {}) {
  const headers = authorization(candidate);
  if (body) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new RequestFailed(0, '');
  }
  if (!answer.ok && !allow.includes(answer.status)) throw await refusal(answer);
  try {
    return await answer.json();
  } catch {
    throw new RequestFailed(502, '');
  }
}

/** The status of a request whose answer has no body that matters. Throws RequestFailed.
    @param {string} path
    @param {{ method: string, body?: unknown }} request */
export async function requestEmpty(path, { method, body }) {
  const headers = authorization();
  if (body) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
    });
  } catch {
    throw new RequestFailed(0, '');
  }
  if (!answer.ok) throw await refusal(answer);
  return answer.status;
}

/** What a refused answer says: the native `{"error": "..."}`, else nothing.
    @param {Response} answer */
export async function refusal(answer) {
  const seconds = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10);
  let message = '';
  try {
    const said = (await answer.json()).error;
    message = typeof said === 'string' ? said : (said?.message ?? '');
  } catch {
    // Not the gateway's own error, perhaps a proxy's page: the status must do.
  }
  return new RequestFailed(answer.status, message, Number.isNaN(seconds) ? null : seconds);
}
