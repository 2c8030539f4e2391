// A button that copies a text and says so.

import { announce } from './announcer.js';
import { button } from './dom.js';
import { bindText } from './i18n.js';
import { glyph } from './icons.js';

const COPIED_MS = 1_500;

/** `textOf()`: what is copied, asked at the click. `t`: the key of its label.
    @param {() => string} textOf
    @param {{ t: string }} label */
export function copyButton(textOf, { t }) {
  const press = button({ class: 'quiet icon-button', icon: 'copy', label: t });
  press.addEventListener('click', async () => {
    const done = await copyText(textOf());
    press.replaceChildren(glyph(done ? 'check' : 'close'));
    bindText(press, done ? 'copied' : 'copy.failed', undefined, 'tLabel');
    setTimeout(() => {
      press.replaceChildren(glyph('copy'));
      bindText(press, t, undefined, 'tLabel');
    }, COPIED_MS);
  });
  return press;
}

/** Copies a text, and tells whether the browser allowed it.
    @param {string} text */
export async function copyText(text) {
  const done = await copied(text);
  announce(done ? 'copied' : 'copy.failed');
  return done;
}

/** Browsers give pages without TLS no clipboard, except on localhost: there the old way is tried.
    @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'unseen';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    return done;
  }
}
