// The menu: theme, contrast, language, token.

import { choices } from '../ui/choices.js';
import { button, byId, el, icon } from '../ui/dom.js';
import { LANGUAGES, language, setLanguage } from '../ui/i18n.js';
import { THEMES, chooseContrast, chooseTheme, highContrast, theme } from '../ui/theme.js';

/** @import { MenuEntry } from '../types.js' */

/** Builds the menu. `entries`: `{ icon, t, run, id }` rows shown above the choices.
    @param {MenuEntry[]} entries */
export function buildMenu(entries) {
  const menu = byId('menu');
  const rows = entries.map((entry) =>
    button(
      {
        class: 'menu-row',
        id: entry.id,
        on: {
          click: () => {
            menu.hidePopover();
            entry.run();
          },
        },
      },
      icon(entry.icon),
      el('span', { t: entry.t }),
    ),
  );
  menu.append(
    ...rows,
    el('hr'),
    choices({
      title: 'menu.theme',
      name: 'theme',
      values: THEMES.map((name) => ({ value: name, t: `theme.${name}` })),
      chosen: theme(),
      choose: chooseTheme,
    }),
    choices({
      title: 'menu.contrast',
      name: 'contrast',
      values: [
        { value: 'normal', t: 'contrast.normal' },
        { value: 'high', t: 'contrast.high' },
      ],
      chosen: highContrast() ? 'high' : 'normal',
      choose: (value) => chooseContrast(value === 'high'),
    }),
    choices({
      title: 'menu.language',
      name: 'language',
      values: Object.entries(LANGUAGES).map(([value, { name }]) => ({ value, text: name })),
      chosen: language(),
      choose: (value) => setLanguage(value, { keep: true }),
    }),
  );
  menu.addEventListener('toggle', ({ newState }) => {
    byId('menu-button').setAttribute('aria-expanded', String(newState === 'open'));
  });
}
