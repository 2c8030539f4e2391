// The menu behind a "more" button: one on the page at a time, moved through with the arrow keys
// (WAI-ARIA menu button).

import { button, el, icon } from './dom.js';
import { placeBeside } from './placing.js';

let menu = null;
let opener = null;

/** Opens a menu beside `at`. `entries`: `{ icon, t, run }` each; null ones are left out. */
export function openMenu(at, entries) {
  menu ??= build();
  opener = at;
  menu.replaceChildren(...entries.filter(Boolean).map(row));
  menu.showPopover();
  at.setAttribute('aria-expanded', 'true');
  placeBeside(menu, at);
  menu.firstElementChild.focus();
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
    if (newState === 'closed') opener.setAttribute('aria-expanded', 'false');
  });
  document.body.append(node);
  return node;
}

function row({ icon: name, t, run }) {
  return button(
    {
      class: 'menu-row',
      role: 'menuitem',
      tabindex: '-1',
      on: {
        click: () => {
          menu.hidePopover();
          run();
        },
      },
    },
    icon(name),
    el('span', { t }),
  );
}

function move(event) {
  const rows = [...menu.children];
  const at = rows.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + rows.length, Home: 0, End: rows.length - 1 }[
    event.key
  ];
  if (event.key === 'Tab') menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  rows[to % rows.length].focus();
}
