// The fields in which settings are written.

import { el } from '../ui/dom.js';
import { YES } from './options.js';

/** @import { Option } from './options.js' */

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** For several lines of words.
    @param {string} rows */
export const lines = (rows) => el('textarea', { class: 'field', rows });

/** For JSON. */
export const codeField = () =>
  el('textarea', { class: 'field code-field', rows: '4', spellcheck: 'false' });

/** @param {string[]} values
    @param {string} key */
export function select(values, key) {
  return el(
    'select',
    { class: 'field' },
    ...values.map((value) => el('option', { value, t: `${key}.${value || 'auto'}` })),
  );
}

/** The field of one of Ollama's options.
    @param {Option} option
    @returns {Control} */
export function optionField({ kind, min, max }) {
  if (kind === 'lines') return lines('2');
  if (kind === 'yes') return select(YES, 'settings.yes');
  return el('input', {
    class: 'field',
    type: 'number',
    step: kind === 'whole' ? '1' : 'any',
    min,
    max,
    inputmode: kind === 'whole' ? 'numeric' : 'decimal',
  });
}

/** The least and the greatest number that a field takes, as its attributes have them.
    @param {Control} control */
export const limits = (control) => ({
  min: control.getAttribute('min'),
  max: control.getAttribute('max'),
});

/** Which numbers a field takes.
    @param {Control} control */
export function rule(control) {
  const { min, max } = limits(control);
  if (max) return 'between';
  return min ? 'from' : 'whole';
}
