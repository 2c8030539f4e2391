// One of a few, side by side.

import { el } from './dom.js';

/** Radio buttons that look like a row of words. `title`: the key of what is chosen; each value has the
    key of its words (`t`), or a text in a language of that name.
    @param {{ title: string, name: string, values: { value: string, t?: string, text?: string }[],
        chosen: string, choose: (value: string) => void }} choice */
export function choices({ title, name, values, chosen, choose }) {
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
