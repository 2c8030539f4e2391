// What the dialogs at the side of the page share.

import { button, el } from './dom.js';

/** The head of a drawer: its title, and a button that closes it.
    @param {HTMLDialogElement} dialog
    @param {HTMLElement} title */
export const drawerHead = (dialog, title) =>
  el(
    'header',
    {},
    title,
    button({
      class: 'quiet icon-button',
      icon: 'close',
      label: 'close',
      on: { click: () => dialog.close() },
    }),
  );

/** Has a press beside a modal drawer close it.
    @param {HTMLDialogElement} dialog */
export function closeFromBeside(dialog) {
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
