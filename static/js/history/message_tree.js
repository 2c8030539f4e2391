// The messages of a conversation as a tree: an edited question or a second answer is a branch beside
// the first, and at each place one branch is shown. Knows nothing of a chat's title or of storage.

import { Unstored } from './unstored.js';

/** @import { Message } from '../types.js' */

const ROOT = /** @type {string | null} */ (null);

export class MessageTree {
  #root;
  /** @type {Map<string, Message>} */
  #nodes = new Map();
  /** @type {Map<string | null, string[]>} */
  #children = new Map();
  /** What is to be stored of it. */
  unstored = new Unstored();

  /** `root`: holds in `shown` which of the first messages is shown. The messages are taken over, and
      given a place where theirs cannot be reached.
      @param {{ shown: string | null }} root
      @param {Message[]} messages */
  constructor(root, messages) {
    this.#root = root;
    for (const message of inReach(messages)) this.hang(message);
  }

  get isEmpty() {
    return this.#nodes.size === 0;
  }

  /** @param {string | null | undefined} id */
  get(id) {
    return this.#nodes.get(id ?? '');
  }

  /** All messages, shown or not. */
  get all() {
    return [...this.#nodes.values()];
  }

  /** The messages that are shown, from the first to the last. */
  path() {
    const shown = [];
    for (let node = this.#shownBelow(ROOT); node; node = this.#shownBelow(node.id))
      shown.push(node);
    return shown;
  }

  get last() {
    return this.path().at(-1) ?? null;
  }

  /** The messages before `node`, in the order they were said.
      @param {Message} node */
  before(node) {
    const said = [];
    for (let at = this.get(node.parent); at; at = this.get(at.parent)) said.unshift(at);
    return said;
  }

  /** Which of the branches at its place `node` is: `{ index, total }`, index from 0.
      @param {Message} node */
  branch(node) {
    const beside = this.#below(node.parent);
    return { index: beside.indexOf(node.id), total: beside.length };
  }

  /** Shows the branch `step` places further, and returns its message.
      @param {Message} node
      @param {number} step */
  turn(node, step) {
    const beside = this.#below(node.parent);
    const { index, total } = this.branch(node);
    const turned = this.get(beside[(index + step + total) % total]);
    if (turned) this.show(turned);
    return turned;
  }

  /** Shows a message, rather than those beside it.
      @param {Message} message */
  show(message) {
    const above = this.get(message.parent);
    (above ?? this.#root).shown = message.id;
    if (above) this.unstored.change(above);
  }

  /** Hangs a message under its parent.
      @param {Message} message */
  hang(message) {
    this.#nodes.set(message.id, message);
    this.#below(message.parent).push(message.id);
  }

  /** Takes one message out; what followed it stays. Returns the way back.
      @param {Message} node */
  remove(node) {
    const beside = this.#below(node.parent);
    const below = this.#below(node.id);
    const place = beside.indexOf(node.id);
    beside.splice(place, 1, ...below);
    const next = this.#shownBelow(node.id);
    for (const id of below) this.#adopt(id, node.parent);
    this.#nodes.delete(node.id);
    this.unstored.remove(node);
    if (next) this.show(next);
    return () => {
      this.#nodes.set(node.id, node);
      this.#children.set(node.id, below);
      const now = this.#below(node.parent);
      this.#children.set(node.parent, [...now.filter((id) => !below.includes(id))]);
      this.#below(node.parent).splice(place, 0, node.id);
      for (const id of below) this.#adopt(id, node.id);
      this.unstored.change(node);
      this.show(node);
    };
  }

  /** @param {string | null} id */
  #below(id) {
    const known = this.#children.get(id);
    if (known) return known;
    /** @type {string[]} */
    const below = [];
    this.#children.set(id, below);
    return below;
  }

  /** @param {string | null} id */
  #shownBelow(id) {
    const below = this.#below(id);
    const wanted = (this.get(id) ?? this.#root).shown;
    return this.get(wanted && below.includes(wanted) ? wanted : below.at(-1)) ?? null;
  }

  /** @param {string} id
      @param {string | null} parent */
  #adopt(id, parent) {
    const child = this.get(id);
    if (!child) return;
    child.parent = parent;
    this.unstored.change(child);
  }
}

/** The messages in the order they were said, each with a parent from which the beginning is reached:
    what lost the message above it, or stands above itself in a circle, which only a broken file has,
    begins the conversation, so that it is shown.
    @param {Message[]} messages */
function inReach(messages) {
  const sorted = [...messages].sort((one, other) => one.at - other.at);
  const known = new Map(sorted.map((message) => [message.id, message]));
  /** @type {Set<Message>} */
  const reached = new Set();
  for (const message of sorted) {
    /** @type {Set<Message>} */
    const way = new Set();
    /** @type {Message | undefined} */
    let at = message;
    while (at && !reached.has(at) && !way.has(at)) {
      way.add(at);
      const above = known.get(at.parent ?? '');
      if (!above) at.parent = ROOT;
      at = above;
    }
    if (at && way.has(at)) at.parent = ROOT;
    for (const one of way) reached.add(one);
  }
  return sorted;
}
