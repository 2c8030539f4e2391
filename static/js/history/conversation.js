// One conversation as a tree of messages: an edited question or a second answer is a branch beside
// the first. Knows nothing of the screen, the network or storage; it keeps account of what changed,
// so that only that is stored.

import { newId } from '../ui/ids.js';

/** @import { ChatChanges, ChatRecord, Message, NewMessage, StoredChat } from '../types.js' */

const ROOT = /** @type {string | null} */ (null);
const TITLE_LENGTH = 60;

export class Conversation {
  /** @type {Map<string, Message>} */
  #nodes = new Map();
  /** @type {Map<string | null, string[]>} */
  #children = new Map();
  /** @type {Set<string>} */
  #changed = new Set();
  /** @type {Set<string>} */
  #gone = new Set();

  /** `stored`: `{ chat, messages }` as chat_store.js keeps them, which it takes over; none for a new
      conversation.
      @param {{ chat?: Partial<ChatRecord>, messages?: Message[] }} [stored] */
  constructor({ chat, messages = [] } = {}) {
    const now = Date.now();
    /** @type {ChatRecord} */
    this.chat = {
      id: newId(),
      title: '',
      createdAt: now,
      updatedAt: now,
      pinned: false,
      shown: null,
      ...chat,
    };
    this.wasStored = chat !== undefined;
    const known = new Set(messages.map(({ id }) => id));
    for (const message of [...messages].sort((one, other) => one.at - other.at)) {
      // What lost the message above it is shown rather than lost too.
      if (!known.has(message.parent ?? '')) message.parent = ROOT;
      this.#hang(message);
    }
    this.#openCircles();
  }

  get id() {
    return this.chat.id;
  }

  /** Names it by the beginning of its first question.
      @param {string} text */
  nameBy(text) {
    const [line] = text.split('\n');
    this.chat.title ||=
      line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH).trimEnd()}…` : line;
  }

  get isEmpty() {
    return this.#nodes.size === 0;
  }

  /** @param {string | null | undefined} id */
  get(id) {
    return this.#nodes.get(id ?? '');
  }

  /** Adds a message under the one with the id `parent` (null: the beginning) and shows it.
      @param {string | null} parent
      @param {NewMessage} fields */
  add(parent, fields) {
    /** @type {Message} */
    const message = {
      id: newId(),
      chat: this.id,
      parent,
      shown: null,
      at: Date.now(),
      content: '',
      ...fields,
    };
    this.#hang(message);
    this.touch(message);
    this.#show(message);
    this.chat.updatedAt = message.at;
    return message;
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

  /** What an answer answers: a question, or what tools gave. Null where that was deleted.
      @param {Message} answer */
  questionOf(answer) {
    const above = this.get(answer.parent);
    return above?.role === 'user' || above?.toolResults ? above : null;
  }

  /** The model that answered last; null where none has. */
  get model() {
    return this.path().findLast(({ role }) => role === 'assistant')?.model ?? null;
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
    if (turned) this.#show(turned);
    return turned;
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
    this.#gone.add(node.id);
    if (next) this.#show(next);
    return () => {
      this.#nodes.set(node.id, node);
      this.#children.set(node.id, below);
      const now = this.#below(node.parent);
      this.#children.set(node.parent, [...now.filter((id) => !below.includes(id))]);
      this.#below(node.parent).splice(place, 0, node.id);
      for (const id of below) this.#adopt(id, node.id);
      this.touch(node);
      this.#show(node);
    };
  }

  /** Marks answers that nobody writes any more. Returns the last message where it is one that may
      still be taken up, else null. */
  markCut() {
    const cut = this.path().filter(({ state }) => state === 'running' || state === 'elsewhere');
    for (const message of cut) message.state = 'interrupted';
    return cut.find((message) => message === this.last && message.resume) ?? null;
  }

  /** Marks a message as changed since it was stored.
      @param {Message} message */
  touch(message) {
    this.#changed.add(message.id);
    this.#gone.delete(message.id);
  }

  /** Shows the branches that `other` shows: what another tab added does not turn this one's page.
      @param {Conversation} other */
  showAs(other) {
    this.chat.shown = other.chat.shown ?? this.chat.shown;
    for (const message of this.#nodes.values())
      message.shown = other.get(message.id)?.shown ?? message.shown;
  }

  /** All of it, as chat_store.js keeps it.
      @returns {StoredChat} */
  snapshot() {
    return {
      chat: { ...this.chat },
      messages: [...this.#nodes.values()].map((message) => ({ ...message })),
    };
  }

  /** Marks all of it: it was deleted, and is to be stored again. */
  touchAll() {
    for (const id of this.#nodes.keys()) this.#changed.add(id);
    this.wasStored = false;
  }

  /** What is to be stored, as `{ id, chat, put, remove }`; it counts as stored from now on.
      @returns {ChatChanges} */
  takeChanges() {
    const put = [...this.#changed].flatMap((id) => this.get(id) ?? []);
    const remove = [...this.#gone];
    this.#changed.clear();
    this.#gone.clear();
    return {
      id: this.id,
      chat: { ...this.chat },
      put: put.map((message) => ({ ...message })),
      remove,
    };
  }

  /** Takes changes back that could not be stored, so that they are tried again with the next.
      @param {Pick<ChatChanges, 'put' | 'remove'>} changes */
  putBack({ put, remove }) {
    for (const { id } of put) this.#changed.add(id);
    for (const id of remove) if (!this.#nodes.has(id)) this.#gone.add(id);
  }

  /** @param {Message} message */
  #hang(message) {
    this.#nodes.set(message.id, message);
    this.#below(message.parent).push(message.id);
  }

  /** Messages that stand above each other in a circle, which only a broken file has, would be out of
      reach. */
  #openCircles() {
    /** @type {Set<string | null>} */
    const reached = new Set([ROOT]);
    /** @param {string | null} from */
    const reach = (from) => {
      const next = [from];
      while (next.length > 0) {
        for (const id of this.#below(next.pop() ?? ROOT)) {
          if (reached.has(id)) continue;
          reached.add(id);
          next.push(id);
        }
      }
    };
    reach(ROOT);
    for (const [id, message] of this.#nodes) {
      if (reached.has(id)) continue;
      const beside = this.#below(message.parent);
      beside.splice(beside.indexOf(id), 1);
      message.parent = ROOT;
      this.#below(ROOT).push(id);
      reached.add(id);
      reach(id);
    }
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
    const wanted = id === ROOT ? this.chat.shown : this.get(id)?.shown;
    return this.get(wanted && below.includes(wanted) ? wanted : below.at(-1)) ?? null;
  }

  /** @param {Message} message */
  #show(message) {
    const above = this.get(message.parent);
    if (above) {
      above.shown = message.id;
      this.touch(above);
    } else {
      this.chat.shown = message.id;
    }
  }

  /** @param {string} id
      @param {string | null} parent */
  #adopt(id, parent) {
    const child = this.get(id);
    if (!child) return;
    child.parent = parent;
    this.touch(child);
  }
}
