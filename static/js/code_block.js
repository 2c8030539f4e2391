// A block of code: its language, a button that copies it, and colours once it is complete.

import { copyButton } from './copy_button.js';
import { el } from './dom.js';
import { lazily } from './lazily.js';

const MAX_COLOURED = 60_000;

const colours = lazily(() => import('./code_colours.js'));

/** `info`: what stood behind the opening fence. */
export function codeBlock(text, info) {
  const language = /^[\w+#.-]*/.exec(info ?? '')[0].toLowerCase();
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

/** Colours every block of code in `root`; it is complete. */
export function colourCode(root) {
  const blocks = root.matches('figure.code') ? [root] : root.querySelectorAll('figure.code');
  for (const {
    dataset,
    lastElementChild: { firstElementChild: code },
  } of blocks) {
    const text = code.textContent;
    if (dataset.language && text.length <= MAX_COLOURED)
      colours().then((loaded) => loaded?.colour(code, text, dataset.language));
  }
}
