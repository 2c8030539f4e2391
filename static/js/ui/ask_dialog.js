// A question before something that cannot be undone.

import { button, byId, el } from './dom.js';

/** Asks; `yes()` runs where the reader agrees. `title`, `text` and `agree` are keys of words.
    @param {{ title: string, text: string, agree: string, yes: () => unknown }} question */
export function askFirst({ title, text, agree, yes }) {
  const dialog = byId('ask');
  const close = () => dialog.close();
  const keep = button({ class: 'button', t: 'cancel', on: { click: close } });
  const go = button({
    class: 'button bad',
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
