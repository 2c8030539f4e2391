// Dictation by the browser's own recognition of speech. Fetched when the reader has switched it on.

import { button, byId } from '../ui/dom.js';
import { askFirst } from '../ui/ask_dialog.js';
import { bindText, language } from '../ui/i18n.js';
import { recall, remember } from '../ui/prefs.js';
import { recognizer } from '../ui/speech_recognition.js';

/** @import { Toast } from '../ui/toast.js'
    @import { Recognition } from '../ui/speech_recognition.js' */

const AGREED = 'dictate.agreed';

// Ends that are no failures: nobody spoke, or the page ended it.
const QUIET = ['no-speech', 'aborted'];

export class Dictation {
  /** @type {Recognition | null} */
  #running = null;

  /** @param {Toast} toast */
  constructor(toast) {
    this.toast = toast;
    this.box = byId('message');
    this.press = button({
      class: 'quiet icon-button',
      id: 'dictate',
      icon: 'microphone',
      label: 'dictate.start',
      'aria-pressed': 'false',
      on: { click: () => this.#turn() },
    });
    byId('settings-button').after(this.press);
    addEventListener('pagehide', () => this.stop());
  }

  /** @param {boolean} shown */
  set shown(shown) {
    this.press.hidden = !shown;
    if (!shown) this.stop();
  }

  /** Ends it; what was being recognized is dropped. */
  stop() {
    this.#running?.abort();
    this.#end();
  }

  #turn() {
    if (this.#running) this.#running.stop();
    else if (recall(AGREED, '')) this.#start();
    else
      askFirst({
        title: 'dictate.title',
        text: 'dictate.ask',
        agree: 'dictate.agree',
        isHarmless: true,
        yes: () => {
          remember(AGREED, 'true');
          this.#start();
        },
      });
  }

  #start() {
    const recognition = recognizer();
    if (!recognition) return;
    recognition.lang = spokenLanguage();
    recognition.continuous = true;
    recognition.onresult = ({ results, resultIndex }) => {
      if (this.#running !== recognition) return;
      for (const result of [...results].slice(resultIndex))
        if (result.isFinal) this.#write(result[0].transcript);
    };
    recognition.onerror = ({ error }) => {
      if (QUIET.includes(error)) return;
      this.toast.show(error === 'not-allowed' ? 'dictate.refused' : 'dictate.failed');
    };
    recognition.onend = () => this.#running === recognition && this.#end();
    this.#running = recognition;
    this.#mark(true);
    try {
      recognition.start();
    } catch {
      this.#end();
    }
  }

  /** Writes what was said where the cursor is, apart from the words around it.
      @param {string} words */
  #write(words) {
    const { value, selectionStart: start, selectionEnd: end } = this.box;
    const before = value.slice(0, start);
    const gap = /[\w.,;:!?)]$/.test(before) && /^\w/.test(words) ? ' ' : '';
    this.box.setRangeText(gap + words, start, end, 'end');
    this.box.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #end() {
    this.#running = null;
    this.#mark(false);
  }

  /** @param {boolean} listens */
  #mark(listens) {
    this.press.setAttribute('aria-pressed', String(listens));
    bindText(this.press, listens ? 'dictate.stop' : 'dictate.start', undefined, 'tLabel');
  }
}

/** The reader's own form of the page's language, as the browser has it. */
function spokenLanguage() {
  const [base] = language().split('-');
  return navigator.languages.find((one) => one.split('-')[0] === base) ?? language();
}
