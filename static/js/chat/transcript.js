// The shown messages in order. Only what changed is drawn, and of a long conversation only what is near
// what the reader sees.

import { besideOf } from '../history/beside.js';
import { loadStyles } from '../ui/asset.js';
import { byId, el } from '../ui/dom.js';
import { putInOrder } from '../ui/keyed_rows.js';
import { lazily } from '../ui/lazily.js';
import { later } from '../ui/slices.js';
import { Slot } from './slot.js';

/** @import { Message, MessageActions } from '../types.js'
    @import { Conversation } from '../history/conversation.js' */

// A shorter conversation is in the document as a whole, so that the browser's search finds all of it.
const SHORT = 60;
// The newest are always there: that is where the reader arrives.
const NEWEST = 10;
// How far from what is seen messages are drawn, in heights of the page.
const NEAR = '150%';
// A frame has room for this much drawing.
const PART_MS = 8;

const beside = lazily(async () => {
  const columns = await import('./columns.js');
  await loadStyles('css/beside.css');
  return columns;
});

export class Transcript {
  /** @type {Map<string, Slot>} */
  #slots = new Map();
  /** What holds answers that are side by side, by the id of the message that they answer.
      @type {Map<string, HTMLElement>} */
  #frames = new Map();
  /** @type {Awaited<ReturnType<typeof beside>>} */
  #columns = null;
  #watch;
  #isLong = false;
  /** @type {Set<Slot>} */
  #near = new Set();

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
    const nodes = path.map((main, index) => {
      const row = besideOf(conversation, main).map((message) => {
        const slot = this.#slots.get(message.id) ?? this.#newSlot(message);
        if (!this.#isLong || index >= path.length - NEWEST) slot.fill();
        slots.set(message.id, slot);
        return slot;
      });
      const alone = { index: 0, total: 1 };
      for (const slot of row)
        slot.showBranch(row.length > 1 ? alone : conversation.branch(slot.message));
      if (row.length < 2) return row[0].node;
      return this.#frame(row, main, !conversation.chat.second);
    });
    for (const [id, slot] of this.#slots) if (!slots.has(id)) this.#remove(slot);
    this.#slots = slots;
    for (const [id, frame] of this.#frames) if (!nodes.includes(frame)) this.#frames.delete(id);
    const shown = new Set(nodes);
    for (const node of [...this.place.children])
      if (!shown.has(/** @type {HTMLElement} */ (node))) node.remove();
    putInOrder(this.place, nodes);
  }

  /** Forgets what was drawn: it is another conversation. */
  clear() {
    for (const slot of this.#slots.values()) this.#remove(slot);
    this.#slots.clear();
    this.#frames.clear();
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

  /** What shows answers side by side. How it does so is fetched when there are some first.
      @param {Slot[]} slots
      @param {Message} main the one whose branch is shown
      @param {boolean} isMarked the chat goes on there alone */
  #frame(slots, main, isMarked) {
    const id = slots[0].message.parent ?? '';
    const frame = this.#frames.get(id) ?? el('div', { class: 'beside' });
    this.#frames.set(id, frame);
    if (this.#columns) this.#columns.draw(frame, slots, main, isMarked);
    else {
      putInOrder(
        frame,
        slots.map(({ node }) => node),
      );
      beside().then((columns) => {
        this.#columns = columns;
        if (this.#frames.get(id) === frame) columns?.draw(frame, slots, main, isMarked);
      });
    }
    return frame;
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
    this.#near.delete(slot);
    slot.leave();
  }

  #fill() {
    for (const slot of this.#slots.values()) slot.fill();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #moved(entries) {
    if (!this.#isLong) return;
    const newest = new Set([...this.#slots.values()].slice(-NEWEST));
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const slot = this.#slots.get(/** @type {HTMLElement} */ (target).dataset.id ?? '');
      if (!slot) continue;
      if (isIntersecting) this.#near.add(slot);
      else this.#near.delete(slot);
      if (!isIntersecting && !newest.has(slot)) slot.empty(boundingClientRect.height);
    }
    this.#fillNear();
  }

  /** In parts, so that a reader who drags the scroll bar can go on; what was passed by meanwhile is
      left out. */
  #fillNear() {
    const empty = [...this.#near].filter(({ view }) => !view);
    if (empty.length === 0) return;
    const began = performance.now();
    this.#keepPlace(() => {
      while (empty.length > 0 && performance.now() - began < PART_MS) empty.shift()?.fill();
    });
    if (empty.length > 0) later(() => this.#fillNear());
  }

  /** Runs `change` without moving what the reader sees, though what is above it may turn out higher
      than was guessed. The browser's own scroll anchoring, which Safari does not have, is off then.
      @param {() => void} change */
  #keepPlace(change) {
    const { scroller } = this;
    const seen = this.#firstSeen();
    const before = seen?.getBoundingClientRect().top ?? 0;
    change();
    const moved = (seen?.getBoundingClientRect().top ?? 0) - before;
    if (moved !== 0) scroller.scrollTop += moved;
  }

  /** A message at the upper edge of what is seen; between two there is a gap. */
  #firstSeen() {
    const { left, top, width } = this.scroller.getBoundingClientRect();
    for (const below of [1, 30, 60]) {
      const turn = document.elementFromPoint(left + width / 2, top + below)?.closest('.turn');
      if (turn) return turn;
    }
    return null;
  }
}
