// The menu behind a "more" button: one on the page at a time, moved through with the arrow keys
// (WAI-ARIA menu button).

import { button, el, icon } from './dom.js';
import { placeBeside } from './placing.js';

/** @import { MenuEntry } from '../types.js' */

/** @type {HTMLElement | null} */
let menu = null;
/** @type {HTMLElement | null} */
let opener = null;

/** Opens a menu beside `at`. `entries`: `{ icon, t, run }` each; null ones are left out.
    @param {HTMLElement} at
    @param {(MenuEntry | false | '' | null)[]} entries */
export function openMenu(at, entries) {
  menu ??= build();
  opener = at;
  menu.replaceChildren(...entries.flatMap((entry) => (entry ? row(entry) : [])));
  menu.showPopover();
  at.setAttribute('aria-expanded', 'true');
  placeBeside(menu, at);
  menu.querySelector('button')?.focus();
}

function build() {
  const node = el('div', {
    class: 'panel popup-menu',
    popover: 'auto',
    role: 'menu',
    id: 'popup-menu',
    on: { keydown: move },
  });
  node.addEventListener('toggle', ({ newState }) => {
    if (newState === 'closed') opener?.setAttribute('aria-expanded', 'false');
  });
  document.body.append(node);
  return node;
}

/** @param {MenuEntry} entry */
function row({ icon: name, t, run }) {
  return button(
    {
      class: 'menu-row',
      role: 'menuitem',
      tabindex: '-1',
      on: {
        click: () => {
          menu?.hidePopover();
          run();
        },
      },
    },
    icon(name),
    el('span', { t }),
  );
}

/** @param {KeyboardEvent} event */
function move(event) {
  const rows = [...(menu?.querySelectorAll('button') ?? [])];
  const at = rows.findIndex((one) => one.matches(':focus'));
  /** @type {Record<string, number>} */
  const places = {
    ArrowDown: at + 1,
    ArrowUp: at - 1 + rows.length,
    Home: 0,
    End: rows.length - 1,
  };
  const to = places[event.key];
  if (event.key === 'Tab') menu?.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  rows[to % rows.length].focus();
}
