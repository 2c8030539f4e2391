// A list whose rows stay: one for each key, brought up to date in its place, so that what is typed,
// focused, pressed or scrolled to in it is still there when something else changes.

export class KeyedRows {
  #rows = new Map();

  /** `key(item)` names an item; `make(item)` gives its row, `{ node, update(item) }`. */
  constructor(place, { key, make }) {
    Object.assign(this, { place, key, make });
  }

  /** Shows exactly these items, in this order. */
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
    loses its focus, its scroll and what is selected in it. */
export function putInOrder(place, nodes) {
  let next = place.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else place.insertBefore(node, next);
  }
}
