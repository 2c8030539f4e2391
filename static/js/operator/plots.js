// Small plots: a bar for each day, and a bar beside each name. What they show stands in tables too,
// for those who do not see them.

import { el } from '../ui/dom.js';
import { t } from '../ui/i18n.js';

/** @import { Params } from '../types.js' */

const SVG = 'http://www.w3.org/2000/svg';
const DAY_WIDTH = 10;
const GAP = 2;
const HEIGHT = 100;

// More names than this are one row.
const NAMES = 8;

/** @param {string} tag
    @param {Params} attributes
    @param {...Node} children */
function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Bars side by side. `caption`: what they are.
    @param {{ name: string, value: number }[]} bars
    @param {{ caption: string, format: (value: number) => string }} how */
export function columns(bars, { caption, format }) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const rects = bars.map(({ name, value }, index) => {
    const height = most > 0 ? (HEIGHT * value) / most : 0;
    const title = svg('title', {});
    title.textContent = `${name}: ${format(value)}`;
    return svg(
      'rect',
      {
        x: index * DAY_WIDTH + GAP / 2,
        y: HEIGHT - height,
        width: DAY_WIDTH - GAP,
        height,
      },
      title,
    );
  });
  const plot = svg(
    'svg',
    {
      class: 'columns',
      viewBox: `0 0 ${bars.length * DAY_WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    ...rects,
  );
  return el(
    'figure',
    { class: 'plot' },
    el('span', { class: 'plot-most faint', text: format(most), 'aria-hidden': 'true' }),
    plot,
    el(
      'span',
      { class: 'plot-ends faint', 'aria-hidden': 'true' },
      el('span', { text: bars[0]?.name }),
      el('span', { text: bars.at(-1)?.name }),
    ),
    el(
      'table',
      { class: 'unseen' },
      el('caption', { text: caption }),
      ...bars
        .filter(({ value }) => value > 0)
        .map(({ name, value }) =>
          el('tr', {}, el('th', { scope: 'row', text: name }), el('td', { text: format(value) })),
        ),
    ),
  );
}

/** A row with a bar for each name, the greatest first. `other`: the name of those that are many.
    @param {{ name: string, value: number }[]} items
    @param {{ caption: string, format: (value: number) => string }} how */
export function ranking(items, { caption, format }) {
  const sorted = [...items].sort((one, two) => two.value - one.value);
  const shown = sorted.slice(0, NAMES);
  const rest = sorted.slice(NAMES);
  if (rest.length > 0) {
    const value = rest.reduce((sum, item) => sum + item.value, 0);
    shown.push({ name: t('operator.others', { n: rest.length }), value });
  }
  const most = Math.max(...shown.map(({ value }) => value), 0);
  return el(
    'table',
    { class: 'ranking' },
    el('caption', { text: caption }),
    ...shown.map(({ name, value }) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row', text: name }),
        el('td', { class: 'ranking-bar' }, share(most > 0 ? value / most : 0)),
        el('td', { class: 'ranking-value', text: format(value) }),
      ),
    ),
  );
}

/** A bar that is filled to `part` of it, between 0 and 1; its value is said beside it.
    @param {number} part */
export function share(part) {
  const width = Math.round(1000 * Math.min(1, Math.max(0, part))) / 10;
  return svg(
    'svg',
    { class: 'share', viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'share-whole', width: 100, height: 6 }),
    svg('rect', { width, height: 6 }),
  );
}
