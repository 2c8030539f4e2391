// What went wrong, in words, and what to do next. One table for every door of the gateway.

/**
 * A failure as the page shows it: `what` and `next` are keys of strings, `params` their values,
 * `said` the gateway's own sentence, `actions` what is offered (`token`, `model`, `retry`),
 * `retryAfter` seconds to wait.
 */
function failure(kind, actions, extra) {
  return { what: `fail.${kind}.what`, next: `fail.${kind}.next`, actions, ...extra };
}

const BY_STATUS = {
  400: ['request', ['retry']],
  401: ['token', ['token']],
  403: ['forbidden', ['model', 'token']],
  404: ['model', ['model', 'retry']],
  413: ['large', []],
  429: ['rate', ['retry']],
  502: ['broken', ['retry']],
  503: ['unavailable', ['retry']],
  504: ['clock', ['retry']],
};

/** The failure that an HTTP status or an `error` frame stands for. Status 0: not reached at all. */
export function failureOf({ status, message, retryAfter = null }, model = '') {
  if (status === 0) return failure('offline', ['retry'], { params: {}, said: '' });
  const [kind, actions] = BY_STATUS[status] ?? ['server', ['retry']];
  const wait = status === 429 ? retryAfter ?? secondsIn(message) : null;
  return failure(kind, actions, { params: { model, status }, said: message, retryAfter: wait });
}

/** The socket was lost while an answer was being written. */
export function lostFailure({ code, reason = '' }) {
  if (code === 4401) return failureOf({ status: 401, message: reason });
  if (code === 4403 || code === 1008) return failureOf({ status: 403, message: reason });
  if (code === 4429) return failureOf({ status: 429, message: reason });
  if (code === 1009) return failureOf({ status: 413, message: reason });
  return failure(code === 1001 ? 'restart' : 'lost', ['retry'], { params: {}, said: reason });
}

/** An answer that ended without a word. */
export function emptyFailure(model) {
  return failure('empty', ['retry'], { params: { model }, said: '' });
}

function secondsIn(message) {
  const found = /\b(\d+) ?s(ec|\b)/.exec(message ?? '');
  return found ? Number(found[1]) : null;
}
