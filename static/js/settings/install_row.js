// The button of the settings that installs the page as an app, shown while the browser offers it.

import { button, el } from '../ui/dom.js';
import { installing } from './installing.js';

export function installRow() {
  const row = el(
    'div',
    { class: 'setting', id: 'install' },
    button({ class: 'button', t: 'install', on: { click: () => installing.ask() } }),
    el('small', { class: 'faint', t: 'install.why' }),
  );
  const show = () => {
    row.hidden = !installing.offered;
  };
  installing.addEventListener('change', show);
  show();
  return row;
}
