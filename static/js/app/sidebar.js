// The side with the chats: beside the conversation where there is room, over it where there is not.

import { byId } from '../ui/dom.js';
import { isTouch } from '../ui/pointer.js';
import { recall, remember } from '../ui/prefs.js';

const WIDE = matchMedia('(min-width: 60rem)');

export class Sidebar {
  constructor() {
    this.toggle = byId('side-toggle');
    this.toggle.addEventListener('click', () => {
      this.#set(!this.isOpen);
      if (WIDE.matches) remember('side', this.isOpen ? 'open' : 'closed');
      else if (this.isOpen) this.#focus();
    });
    byId('side-shade').addEventListener('click', () => this.close());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || WIDE.matches || !this.isOpen || event.defaultPrevented) return;
      if (document.querySelector('[popover]:popover-open')) return;
      event.preventDefault();
      this.close();
    });
    WIDE.addEventListener('change', () => this.start(false));
    this.#set(false);
  }

  get isOpen() {
    return 'side' in document.body.dataset;
  }

  /** Out of the way, where it covers the conversation. */
  close() {
    if (WIDE.matches || !this.isOpen) return;
    this.#set(false);
    this.toggle.focus();
  }

  /** As the reader left it; closed where there is nothing to list yet.
      @param {boolean} isEmpty */
  start(isEmpty) {
    this.#set(WIDE.matches && recall('side', isEmpty ? 'closed' : 'open') === 'open');
  }

  #focus() {
    const side = byId('side');
    (isTouch() ? side : side.querySelector('input'))?.focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  #set(open) {
    if (open) document.body.dataset.side = '';
    else delete document.body.dataset.side;
    byId('side').inert = !open;
    // Where it covers the conversation, that is out of reach for the keyboard too.
    for (const part of document.querySelectorAll('.bar, .stage'))
      part.toggleAttribute('inert', open && !WIDE.matches);
    this.toggle.setAttribute('aria-expanded', String(open));
  }
}
