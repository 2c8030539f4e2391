// A list whose rows stay: one for each key, brought up to date in its place, so that what is typed,
// focused, pressed or scrolled to in it is still there when something else changes.

/** @import { Row } from '../types.js' */
/** @template Item */
export class KeyedRows {
  /** @type {Map<string, Row<Item>>} */
  #rows = new Map();

  /** `key(item)` names an item; `make(item)` gives its row, `{ node, update(item) }`.
      @param {HTMLElement} place
      @param {{ key: (item: Item) => string, make: (item: Item) => Row<Item> }} how */
  constructor(place, { key, make }) {
    this.place = place;
    this.key = key;
    this.make = make;
  }

  /** Shows exactly these items, in this order.
      @param {Item[]} items */
  show(items) {
    const rows = new Map();
    for (const item of items) {
      const key = this.key(item);
      const row = this.#rows.get(key) ?? this.make(item);
      row.update(item);
      rows.set(key, row);
    }
    for (const [key, { node }] of this.#rows) if (!rows.has(key)) node.remove();
    this.#rows = rows;
    putInOrder(
      this.place,
      [...rows.values()].map(({ node }) => node),
    );
  }
}

/** Has `place` begin with `nodes` in their order. Only what is elsewhere is moved: a node that moves
    loses its focus, its scroll and what is selected in it.
    @param {HTMLElement} place
    @param {HTMLElement[]} nodes */
export function putInOrder(place, nodes) {
  let next = place.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else place.insertBefore(node, next);
  }
}
