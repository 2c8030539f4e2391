// The menu: theme, contrast, language, token.

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
    choices(
      'menu.theme',
      'theme',
      THEMES.map((name) => ({ value: name, t: `theme.${name}` })),
      theme(),
      chooseTheme,
    ),
    choices(
      'menu.contrast',
      'contrast',
      [
        { value: 'normal', t: 'contrast.normal' },
        { value: 'high', t: 'contrast.high' },
      ],
      highContrast() ? 'high' : 'normal',
      (value) => chooseContrast(value === 'high'),
    ),
    choices(
      'menu.language',
      'language',
      Object.entries(LANGUAGES).map(([value, { name }]) => ({ value, text: name })),
      language(),
      (value) => setLanguage(value, { keep: true }),
    ),
  );
  menu.addEventListener('toggle', ({ newState }) => {
    byId('menu-button').setAttribute('aria-expanded', String(newState === 'open'));
  });
}

/** @param {string} title
    @param {string} name
    @param {{ value: string, t?: string, text?: string }[]} values
    @param {string} chosen
    @param {(value: string) => void} choose */
function choices(title, name, values, chosen, choose) {
  const labels = values.map(({ value, t, text }) =>
    el(
      'label',
      {},
      el('input', {
        type: 'radio',
        name,
        value,
        checked: value === chosen,
        on: { change: () => choose(value) },
      }),
      el('span', t ? { t } : { text, lang: value }),
    ),
  );
  return el(
    'fieldset',
    { class: 'choices' },
    el('legend', { t: title }),
    el('div', { class: 'choices-row' }, ...labels),
  );
}
