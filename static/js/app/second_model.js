// The name of the second model, beside that of the first.

import { button, byId, el } from '../ui/dom.js';

/** Shows that `name` answers too; nothing without a name. `change(at)`: chooses another one, `drop()`
    none.
    @param {string | undefined} name
    @param {{ change: (at: HTMLElement) => void, drop: () => void }} actions */
export function showSecond(name, { change, drop }) {
  const before = document.getElementById('second-model');
  const hadFocus = before?.contains(document.activeElement);
  before?.remove();
  if (!name) {
    if (hadFocus) byId('model-button').focus();
    return;
  }
  const press = button(
    { class: 'quiet model-button', 'aria-haspopup': 'listbox', on: { click: () => change(press) } },
    el('span', { class: 'unseen', t: 'model.second' }),
    el('span', { class: 'faint', 'aria-hidden': 'true', text: '+' }),
    el('span', { class: 'model-name', text: name }),
  );
  byId('model-button').after(
    el(
      'span',
      { class: 'second-model', id: 'second-model' },
      press,
      button({
        class: 'quiet icon-button',
        icon: 'close',
        label: 'model.compareNot',
        on: { click: drop },
      }),
    ),
  );
}
