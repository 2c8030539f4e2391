// The shown messages in order. Only what changed is drawn, and of a long conversation only what is near
// what the reader sees.

import { byId } from '../ui/dom.js';
import { putInOrder } from '../ui/keyed_rows.js';
import { counted, isSpent, later } from '../ui/slices.js';
import { Slot } from './slot.js';

/** @import { Message, MessageActions } from '../types.js'
    @import { Conversation } from '../history/conversation.js' */

// A shorter conversation is in the document as a whole, so that the browser's search finds all of it.
const SHORT = 60;
// The newest are always there: that is where the reader arrives.
const NEWEST = 10;
// How far from what is seen messages are drawn, in heights of the page.
const NEAR = '150%';

export class Transcript {
  /** @type {Map<string, Slot>} */
  #slots = new Map();
  #watch;
  #isLong = false;

  /** `actionsFor(message)`: what its buttons run.
      @param {(message: Message) => MessageActions} actionsFor */
  constructor(actionsFor) {
    this.place = byId('transcript');
    this.scroller = byId('scroller');
    this.actionsFor = actionsFor;
    this.#watch = new IntersectionObserver((entries) => this.#moved(entries), {
      root: this.scroller,
      rootMargin: `${NEAR} 0px`,
    });
    addEventListener('beforeprint', () => this.#fill());
  }

  /** Shows exactly the messages on the conversation's path.
      @param {Conversation} conversation */
  show(conversation) {
    const path = conversation.path();
    this.#isLong = path.length > SHORT;
    this.place.toggleAttribute('data-long', this.#isLong);
    /** @type {Map<string, Slot>} */
    const slots = new Map();
    for (const [index, message] of path.entries()) {
      const slot = this.#slots.get(message.id) ?? this.#newSlot(message);
      slot.showBranch(conversation.branch(message));
      if (!this.#isLong || index >= path.length - NEWEST) slot.fill();
      slots.set(message.id, slot);
    }
    for (const [id, slot] of this.#slots) if (!slots.has(id)) this.#remove(slot);
    this.#slots = slots;
    const nodes = [...slots.values()].map(({ node }) => node);
    const shown = new Set(nodes);
    for (const node of [...this.place.children])
      if (!shown.has(/** @type {HTMLElement} */ (node))) node.remove();
    putInOrder(this.place, nodes);
  }

  /** Forgets what was drawn: it is another conversation. */
  clear() {
    for (const slot of this.#slots.values()) this.#remove(slot);
    this.#slots.clear();
    this.place.replaceChildren();
  }

  /** Has one message drawn anew the next time.
      @param {Message} message */
  forget(message) {
    const slot = this.#slots.get(message.id);
    if (slot) this.#remove(slot);
    this.#slots.delete(message.id);
  }

  /** The reader is writing in one of the turns. */
  get editing() {
    return [...this.#slots.values()].some(({ view }) => view?.editing);
  }

  /** What draws a message that is shown; it is drawn at once.
      @param {Message} message */
  view(message) {
    return this.#slots.get(message.id)?.fill();
  }

  /** @param {Message} message */
  #newSlot(message) {
    const slot = new Slot(message, this.actionsFor(message));
    this.#watch.observe(slot.node);
    return slot;
  }

  /** @param {Slot} slot */
  #remove(slot) {
    this.#watch.unobserve(slot.node);
    slot.leave();
  }

  #fill() {
    for (const slot of this.#slots.values()) slot.fill();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #moved(entries) {
    if (!this.#isLong) return;
    const slots = [...this.#slots.values()];
    const newest = new Set(slots.slice(-NEWEST));
    const near = [];
    for (const { target, isIntersecting } of entries) {
      const slot = this.#slots.get(/** @type {HTMLElement} */ (target).dataset.id ?? '');
      if (isIntersecting) near.push(slot);
      else if (slot && !newest.has(slot)) slot.empty();
    }
    for (const slot of near) this.#fillSoon(slot);
  }

  /** In parts, so that a reader who drags the scroll bar can go on.
      @param {Slot | undefined} slot */
  #fillSoon(slot) {
    if (!slot || slot.view) return;
    const fill = () => {
      if (this.#slots.get(slot.message.id) === slot) this.#keepPlace(() => slot.fill());
    };
    if (isSpent()) later(fill);
    else counted(fill);
  }

  /** Runs `change` without moving what the reader sees, though what is above it may turn out higher
      than was guessed. The browser's own scroll anchoring, which Safari does not have, is off then.
      @param {() => void} change */
  #keepPlace(change) {
    const { scroller } = this;
    const { top } = scroller.getBoundingClientRect();
    const seen = [...this.place.children].find((node) => node.getBoundingClientRect().bottom > top);
    const before = seen?.getBoundingClientRect().top ?? 0;
    change();
    const moved = (seen?.getBoundingClientRect().top ?? 0) - before;
    if (moved !== 0) scroller.scrollTop += moved;
  }
}
