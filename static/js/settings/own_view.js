// The settings of a chat, above its messages.

import { PlainBody } from '../markdown/plain_body.js';
import { button, byId, el } from '../ui/dom.js';

const LONG = 40;

/** @type {HTMLElement | null} */
let place = null;

/** Shows the fields that a chat has of its own; nothing where there are none. `edit()`: opens them.
    @param {Record<string, string>} own
    @param {() => unknown} edit */
export function showOwn(own, edit) {
  place ??= build();
  const { system, ...others } = own;
  place.hidden = Object.keys(own).length === 0;
  place.replaceChildren(
    el(
      'div',
      { class: 'own-head' },
      el('h2', { class: 'by', t: 'settings.own' }),
      button({
        class: 'quiet icon-button',
        icon: 'edit',
        label: 'settings.own.edit',
        on: { click: edit },
      }),
    ),
  );
  if (system) place.append(words(system));
  const rows = Object.entries(system === '' ? own : others);
  if (rows.length === 0) return;
  place.append(
    el(
      'dl',
      { class: 'facts' },
      ...rows.flatMap(([name, value]) => [el('dt', { t: `settings.${name}` }), said(name, value)]),
    ),
  );
}

function build() {
  const node = el('section', { id: 'own-settings', class: 'own-settings', label: 'settings.own' });
  byId('content').prepend(node);
  return node;
}

/** @param {string} system */
function words(system) {
  const body = new PlainBody({ folds: true });
  body.show(system);
  body.finish();
  return body.node;
}

/** @param {string} name
    @param {string} value */
function said(name, value) {
  if (value === '')
    return el('dd', { t: name === 'think' ? 'settings.think.auto' : 'settings.auto' });
  if (name === 'think') return el('dd', { t: `settings.think.${value}` });
  const [line] = value.split('\n');
  const short = line.length > LONG || line !== value ? `${line.slice(0, LONG)} …` : line;
  return el('dd', { text: short, title: value });
}
