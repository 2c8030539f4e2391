// Whether an answer can be read aloud, which one is, and the button that starts and ends it. What does
// the reading is fetched when it is first asked for.

import { button } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { lazily } from '../ui/lazily.js';

/** @import { Message } from '../types.js' */

const speech = lazily(() => import('./speech.js'));

/** @type {Message | null} */
let read = null;
let words = '';

/** Tells the style sheet whether this browser has voices: without any the buttons are not shown. */
export function watchVoices() {
  const { speechSynthesis } = globalThis;
  const look = () =>
    document.documentElement.toggleAttribute('data-voices', speechSynthesis.getVoices().length > 0);
  if (!speechSynthesis) return;
  speechSynthesis.addEventListener?.('voiceschanged', look);
  addEventListener('pagehide', stopReading);
  look();
}

/** Whether an answer is being read. */
export const isReading = () => read !== null;

export function stopReading() {
  if (read) globalThis.speechSynthesis.cancel();
  turn(null);
}

/** Ends the reading of an answer that is none of `shown`, or says something else by now: nothing on the
    page would stop it.
    @param {Message[]} shown */
export function stopReadingUnless(shown) {
  const isThere = shown.some(({ id, content }) => id === read?.id && content === words);
  if (read && !isThere) stopReading();
}

/** The button of an answer, pressed while it is read.
    @param {Message} message */
export function readButton(message) {
  const press = button({
    class: 'quiet icon-button read',
    icon: 'speak',
    label: 'speak.start',
    'aria-pressed': 'false',
    on: { click: () => (read === message ? stopReading() : start(message, press)) },
  });
  mark(press, read === message);
  return press;
}

/** @param {Message} message
    @param {HTMLElement} press */
async function start(message, press) {
  stopReading();
  turn(message, press);
  const { readAloud } = (await speech()) ?? {};
  if (read !== message) return; // it was stopped while it was fetched
  if (readAloud) readAloud(message.content, () => read === message && turn(null));
  else turn(null);
}

/** @param {Message | null} message
    @param {HTMLElement} [press] */
function turn(message, press) {
  read = message;
  words = message?.content ?? '';
  for (const other of document.querySelectorAll('.read[aria-pressed="true"]'))
    if (other instanceof HTMLElement) mark(other, false);
  if (press) mark(press, true);
}

/** @param {HTMLElement} press
    @param {boolean} isRead */
function mark(press, isRead) {
  press.setAttribute('aria-pressed', String(isRead));
  bindText(press, isRead ? 'speak.stop' : 'speak.start', undefined, 'tLabel');
}
