// What went wrong, in words, and what to do next. One table for every door of the gateway.

/** @import { Closed, Failure, FailureAction, Refusal } from '../types.js' */
/**
 * A failure as the page shows it: `what` and `next` are keys of strings, `params` their values,
 * `said` the gateway's own sentence, `actions` what is offered (`token`, `model`, `pull`, `retry`),
 * `retryAt` when it is worth to try again, as Date.now() tells: it is stored, and a reload must not
 * begin to count anew.
 * @param {string} kind
 * @param {FailureAction[]} actions
 * @param {Pick<Failure, 'params' | 'said' | 'retryAt'>} extra
 * @returns {Failure}
 */
function failure(kind, actions, extra) {
  return { what: `fail.${kind}.what`, next: `fail.${kind}.next`, actions, ...extra };
}

/** @type {Record<number, [kind: string, actions: FailureAction[]]>} */
const BY_STATUS = {
  400: ['request', ['retry']],
  401: ['token', ['token']],
  403: ['forbidden', ['model', 'token']],
  404: ['model', ['pull', 'model', 'retry']],
  413: ['large', []],
  429: ['rate', ['retry']],
  502: ['broken', ['retry']],
  503: ['unavailable', ['retry']],
  504: ['clock', ['retry']],
};

// Why it is unavailable. Frames of /ws name it; over HTTP and in Ollama's own answer only the
// sentence tells.
/** @type {Record<string, string>} */
const BY_CODE = {
  queue_full: 'busy',
  queue_timeout: 'busy',
  overloaded: 'busy',
  shutting_down: 'restart',
};
/** @type {[RegExp, string][]} */
const BY_WORDS = [
  [/shutting down/i, 'restart'],
  [/\b(busy|queue)\b/i, 'busy'],
];

// What Ollama and llama.cpp say of a request that they cannot serve, whatever the status.
/** @type {[RegExp, [kind: string, actions: FailureAction[]]][]} */
const KNOWN = [
  [
    /out of memory|(requires|needs) more (system )?memory|(unable|failed) to allocate|cudaMalloc/i,
    ['memory', ['model', 'retry']],
  ],
  [
    /exceeds? the (available )?context|context (size|length|window) (is )?(exceeded|too)|exceed_context|prompt is too long/i,
    ['context', []],
  ],
  [
    /(not support|no support for|unsupported|failed to (load|process|decode)|missing data).{0,40}image|image.{0,60}(not support|unsupported|unknown format|failed)/i,
    ['image', ['model']],
  ],
];
const MAY_BE_KNOWN = [400, 500];

/** @type {[kind: string, actions: FailureAction[]]} */
const OTHER = ['server', ['retry']];

/** The failure that an HTTP status or an `error` frame stands for. Status 0: not reached at all.
    @param {Refusal} refusal
    @param {string} [model] */
export function failureOf({ status, message, code, retryAfter, retry_after: inFrame }, model = '') {
  if (status === 0) return failure('offline', ['retry'], { params: {}, said: '' });
  const known = MAY_BE_KNOWN.includes(status) && KNOWN.find(([words]) => words.test(message));
  const [usual, actions] = known ? known[1] : (BY_STATUS[status] ?? OTHER);
  const told = status === 503 ? BY_WORDS.find(([words]) => words.test(message))?.[1] : null;
  const kind = BY_CODE[code ?? ''] ?? told ?? usual;
  const waits = status === 429 || status === 503;
  const wait = waits ? (retryAfter ?? inFrame ?? secondsIn(message)) : null;
  return failure(kind, actions, {
    params: { model, status },
    said: message,
    retryAt: wait && Date.now() + wait * 1000,
  });
}

/** The failure of a model that was to be fetched. A library that does not have it says so in the
    words for a missing file.
    @param {Refusal} frame
    @param {string} model */
export function pullFailureOf(frame, model) {
  const unknown = /file does not exist|invalid model name|model .*not found/i.test(
    frame.message ?? '',
  );
  return unknown
    ? failure('name', ['retry'], { params: { model }, said: frame.message })
    : failureOf(frame, model);
}

/** The socket was refused, or lost while an answer was being written.
    @param {Closed} closed */
export function lostFailure({ code, reason = '' }) {
  if (code === 4401) return failureOf({ status: 401, message: reason });
  if (code === 4403 || code === 1008) return failureOf({ status: 403, message: reason });
  if (code === 4429) return failureOf({ status: 429, message: reason });
  if (code === 1009) return failureOf({ status: 413, message: reason });
  return failure(code === 1001 ? 'restart' : 'lost', ['retry'], { params: {}, said: reason });
}

/** An answer that ended without a word.
    @param {string} model */
export function emptyFailure(model) {
  return failure('empty', ['retry'], { params: { model }, said: '' });
}

/** @param {string} message */
function secondsIn(message) {
  const found = /\b(\d+) ?s(ec|\b)/.exec(message ?? '');
  return found ? Number(found[1]) : null;
}
