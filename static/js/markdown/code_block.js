// A block of code: its language, a button that copies it, and colours once it is complete.

import { copyButton } from '../ui/copy_button.js';
import { el } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

const MAX_COLOURED = 60_000;

const colours = lazily(() => import('./code_colours.js'));

/** `info`: what stood behind the opening fence.
    @param {string} text
    @param {string} [info] */
export function codeBlock(text, info) {
  const language = (/^[\w+#.-]*/.exec(info ?? '')?.[0] ?? '').toLowerCase();
  const code = el('code', { text });
  return el(
    'figure',
    { class: 'code', data: { language } },
    el(
      'figcaption',
      {},
      el('span', { text: language }),
      copyButton(() => code.textContent, { t: 'code.copy' }),
    ),
    el('pre', { tabindex: '0', dir: 'ltr' }, code),
  );
}

/** Colours every block of code in `root`; it is complete.
    @param {HTMLElement} root */
export function colourCode(root) {
  /** @type {Iterable<HTMLElement>} */
  const blocks = root.matches('figure.code') ? [root] : root.querySelectorAll('figure.code');
  for (const block of blocks) {
    const { language } = block.dataset;
    const code = block.querySelector('code');
    const text = code?.textContent ?? '';
    if (code && language && text.length <= MAX_COLOURED)
      colours().then((loaded) => loaded?.colour(code, text, language));
  }
}
