// A block of code: its language, a button that copies it, and, once it is complete, colours and, where
// it is long, a button that folds it.

import { copyButton } from '../ui/copy_button.js';
import { button, el } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';
import { foldButton } from './folding.js';

const MAX_COLOURED = 60_000;
const LONG_LINES = 80;

/** @type {Record<string, 'html' | 'svg' | 'mermaid'>} */
const SHOWN = { html: 'html', htm: 'html', xhtml: 'html', svg: 'svg', mermaid: 'mermaid' };

const colours = lazily(() => import('./code_colours.js'));
const preview = lazily(() => import('./preview.js'));

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

/** Colours every block of code in `root`, and offers to fold long ones; it is complete. `folded`:
    whether long ones are at first.
    @param {HTMLElement} root
    @param {{ folded: boolean }} how */
export function finishCode(root, { folded }) {
  /** @type {Iterable<HTMLElement>} */
  const blocks = root.matches('figure.code') ? [root] : root.querySelectorAll('figure.code');
  for (const block of blocks) {
    const { language } = block.dataset;
    const code = block.querySelector('code');
    const text = code?.textContent ?? '';
    if (text.split('\n', LONG_LINES + 2).length > LONG_LINES + 1)
      block.append(foldButton(block, { folded }));
    const kind = SHOWN[language ?? ''] ?? (/^\s*<svg[\s>]/.test(text) ? 'svg' : null);
    if (kind) block.querySelector('figcaption')?.append(previewButton(kind, text));
    if (code && language && text.length <= MAX_COLOURED)
      colours().then((loaded) => loaded?.colour(code, text, language));
  }
}

/** @param {'html' | 'svg' | 'mermaid'} kind
    @param {string} text */
function previewButton(kind, text) {
  const open = async () => (await preview())?.openPreview(kind, text);
  return button({ class: 'quiet', t: 'preview.open', on: { click: open } });
}
