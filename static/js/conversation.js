// One conversation as a tree of messages: an edited question or a second answer is a branch beside
// the first. Knows nothing of the screen, the network or storage.

const ROOT = 'root';

export class Conversation {
  #nodes = new Map();

  /** `record`: what `toJSON` gave. */
  constructor(record = null) {
    this.id = record?.id ?? crypto.randomUUID();
    this.title = record?.title ?? '';
    this.createdAt = record?.createdAt ?? Date.now();
    this.updatedAt = record?.updatedAt ?? this.createdAt;
    this.pinned = record?.pinned ?? false;
    this.#nodes.set(ROOT, { id: ROOT, children: [], selected: 0 });
    for (const node of record?.nodes ?? []) this.#nodes.set(node.id, { ...node });
  }

  get isEmpty() {
    return this.#nodes.get(ROOT).children.length === 0;
  }

  get(id) {
    return this.#nodes.get(id);
  }

  /** Adds a message under `parent` (null: the beginning) and makes it the branch that is shown. */
  add(parent, fields) {
    const above = this.#nodes.get(parent ?? ROOT);
    const node = {
      id: crypto.randomUUID(),
      parent: above.id,
      children: [],
      selected: 0,
      at: Date.now(),
      content: '',
      ...fields,
    };
    this.#nodes.set(node.id, node);
    above.selected = above.children.push(node.id) - 1;
    return node;
  }

  /** The messages that are shown, from the first to the last. */
  path() {
    const shown = [];
    let node = this.#nodes.get(ROOT);
    while (node.children.length > 0) {
      node = this.#nodes.get(node.children[node.selected]);
      shown.push(node);
    }
    return shown;
  }

  get last() {
    return this.path().at(-1) ?? null;
  }

  /** The id of the message above `node`, null at the beginning. */
  parent(node) {
    return node.parent === ROOT ? null : node.parent;
  }

  /** The messages before `node`, in the order they were said. */
  before(node) {
    const said = [];
    for (let at = node.parent; at !== ROOT; at = this.#nodes.get(at).parent) said.unshift(this.#nodes.get(at));
    return said;
  }

  /** Which of the branches at its place `node` is: `{ index, total }`, index from 0. */
  branch(node) {
    const { children } = this.#nodes.get(node.parent);
    return { index: children.indexOf(node.id), total: children.length };
  }

  /** Shows the branch `step` places further. */
  turn(node, step) {
    const above = this.#nodes.get(node.parent);
    const { index, total } = this.branch(node);
    above.selected = (index + step + total) % total;
  }

  /** Takes one message out; what followed it stays. Returns the way back. */
  remove(node) {
    const above = this.#nodes.get(node.parent);
    const kept = { children: [...above.children], selected: above.selected };
    const place = above.children.indexOf(node.id);
    above.children.splice(place, 1, ...node.children);
    above.selected = Math.max(0, Math.min(place + node.selected, above.children.length - 1));
    for (const child of node.children) this.#nodes.get(child).parent = above.id;
    this.#nodes.delete(node.id);
    return () => {
      this.#nodes.set(node.id, node);
      for (const child of node.children) this.#nodes.get(child).parent = node.id;
      Object.assign(above, kept);
    };
  }

  toJSON() {
    const { id, title, createdAt, updatedAt, pinned } = this;
    return { id, title, createdAt, updatedAt, pinned, nodes: [...this.#nodes.values()] };
  }
}

/** Messages as Ollama's /api/chat takes them. Answers that never began are left out. */
export function asRequest(messages, system = '') {
  const said = messages
    .filter(({ role, content, images }) => role === 'user' || content || images?.length)
    .map(({ role, content, images }) => (images?.length ? { role, content, images } : { role, content }));
  return system ? [{ role: 'system', content: system }, ...said] : said;
}
