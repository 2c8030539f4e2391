// A question before something that cannot be undone, or that the reader should know.

import { button, byId, el } from './dom.js';

/** Asks; `yes()` runs where the reader agrees. `title`, `text` and `agree` are keys of words;
    `isHarmless`: it can be undone.
    @param {{ title: string, text: string, agree: string, yes: () => unknown,
        isHarmless?: boolean }} question */
export function askFirst({ title, text, agree, yes, isHarmless = false }) {
  const dialog = byId('ask');
  const close = () => dialog.close();
  const keep = button({ class: 'button', t: 'cancel', on: { click: close } });
  const go = button({
    class: isHarmless ? 'button main' : 'button bad',
    t: agree,
    on: {
      click: () => {
        close();
        yes();
      },
    },
  });
  dialog.replaceChildren(
    el('h2', { id: 'ask-title', t: title }),
    el('p', { t: text }),
    el('div', { class: 'ends' }, go, keep),
  );
  dialog.showModal();
  keep.focus();
}
