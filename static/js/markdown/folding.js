// The button under something long that shows its beginning, or all of it.

import { button } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';

/** `folded`: whether `node` is at first. Its class `folded` says so to the style sheets.
    @param {HTMLElement} node
    @param {{ folded: boolean }} how */
export function foldButton(node, { folded }) {
  /** @param {boolean} now */
  const fold = (now) => {
    node.classList.toggle('folded', now);
    bindText(toggle, now ? 'fold.all' : 'fold.less');
    toggle.setAttribute('aria-expanded', String(!now));
  };
  const press = () => {
    const now = !node.classList.contains('folded');
    fold(now);
    if (now) node.scrollIntoView({ block: 'nearest' });
    else node.dispatchEvent(new Event('unfold', { bubbles: true }));
  };
  const toggle = button({ class: 'fold-button', on: { click: press } });
  fold(folded);
  return toggle;
}
