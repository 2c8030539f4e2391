// A block of code: its language, a button that copies it, and colours once it is complete.

import { colour } from './code_colours.js';
import { copyButton } from './copy_button.js';
import { el } from './dom.js';

const MAX_COLOURED = 60_000;

/** `info`: what stood behind the opening fence. `final`: no more will come. */
export function codeBlock(text, info, final) {
  const language = /^[\w+#.-]*/.exec(info ?? '')[0].toLowerCase();
  const code = el('code', { text });
  const block = el('figure', { class: 'code' },
    el('figcaption', {}, el('span', { text: language }), copyButton(() => text, { t: 'code.copy' })),
    el('pre', { tabindex: '0' }, code));
  if (final && language && text.length <= MAX_COLOURED) colour(code, text, language);
  return block;
}
