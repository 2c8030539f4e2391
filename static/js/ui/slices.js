// Work that may wait a moment. What is quick is done at once; when one task has spent its time, the
// rest is done in later ones, the newest first, because that is what the reader looks at.

const BUDGET_MS = 40;

let used = 0;
let clock = 0;
let isCounting = false;
/** @type {(() => void)[]} */
const waiting = [];

/** This task has spent its time. */
export const isSpent = () => used >= BUDGET_MS;

/** Does `work` now and counts its time, once for work inside of work.
    @param {() => void} work */
export function counted(work) {
  if (isCounting) return work();
  isCounting = true;
  const began = performance.now();
  try {
    return work();
  } finally {
    isCounting = false;
    used += performance.now() - began;
    goOnLater();
  }
}

/** Does `work` in one of the next tasks.
    @param {() => void} work */
export function later(work) {
  waiting.push(work);
  goOnLater();
}

function goOnLater() {
  if (clock === 0) clock = setTimeout(nextTask);
}

function nextTask() {
  clock = 0;
  used = 0;
  for (let work = waiting.pop(); work; work = isSpent() ? undefined : waiting.pop()) counted(work);
}
