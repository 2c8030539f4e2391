// The chats on this device, in IndexedDB. Messages are records of their own, so that two tabs that
// write into one chat add to it instead of overwriting each other.

import { Conversation } from './conversation.js';
import { tabChannel } from '../net/tabs.js';

/** @import { ChatRecord, Message, StoreChange, StoredChat } from '../types.js' */

const NAME = 'tornado-ollama';
const OPEN_MS = 4_000;

// Each step makes version n+1 of the database out of version n; steps are only ever added.
/** @type {((db: IDBDatabase) => void)[]} */
const STEPS = [
  (db) => {
    db.createObjectStore('chats', { keyPath: 'id' });
    db.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
  },
];

/** Fires `change` (detail: `{ id, gone, elsewhere }`) when this or another tab stored or deleted
    something, and `failed` (detail: `{ id }`) when something could not be stored. */
export class ChatStore extends EventTarget {
  /** @type {IDBDatabase | null} */
  #db = null;
  // What could not be stored lives as long as the page.
  /** @type {Map<string, Conversation>} */
  #unsaved = new Map();
  #tabs = tabChannel(NAME);
  /** @type {Set<IDBTransaction>} */
  #open = new Set();

  constructor() {
    super();
    addEventListener('pagehide', () => this.#letGo());
    addEventListener('pageshow', () => this.#keepUnsaved());
  }

  /** Opens the database; where there is none, everything else does nothing. */
  async open() {
    this.#tabs.onmessage = ({ data }) => this.#tell({ ...data, elsewhere: true });
    try {
      const opening = indexedDB.open(NAME, STEPS.length);
      opening.onupgradeneeded = ({ oldVersion }) => {
        for (const step of STEPS.slice(oldVersion)) step(opening.result);
      };
      const late = tooLate();
      const db = await Promise.race([result(opening), late]);
      // One that opens may still not answer: another page's transaction can stand in the way for ever.
      await Promise.race([result(db.transaction('chats').objectStore('chats').count()), late]);
      // A newer page wants it, or the browser took it away, as when the reader deletes the site's data.
      db.onclose = () => {
        this.#db = null;
      };
      db.onversionchange = () => {
        db.close();
        this.#db = null;
      };
      this.#db = db;
    } catch {
      this.#db = null;
    }
  }

  /** Whether there is a place to keep chats in; some browsers give private windows none. */
  get isOpen() {
    return this.#db !== null;
  }

  /** Whether the browser refused to store what was last said in a chat.
      @param {string} id */
  isUnsaved(id) {
    return this.isOpen && this.#unsaved.has(id);
  }

  /** All chats, the latest first.
      @returns {Promise<ChatRecord[]>} */
  async list() {
    const stored = this.#db ? await result(this.#stores('readonly').chats.getAll()) : [];
    const unsaved = [...this.#unsaved.values()].map((conversation) => conversation.snapshot().chat);
    const chats = [...stored.filter(({ id }) => !this.#unsaved.has(id)), ...unsaved];
    return chats.sort((one, other) => other.updatedAt - one.updatedAt);
  }

  /** `{ chat, messages }`, or null.
      @param {string} id
      @returns {Promise<StoredChat | null>} */
  async load(id) {
    const unsaved = this.#unsaved.get(id);
    if (unsaved) return unsaved.snapshot();
    if (!this.#db) return null;
    const { chats, messages } = this.#stores('readonly');
    const asked = [result(chats.get(id)), result(messages.index('chat').getAll(id))];
    const [chat, said] = await Promise.all(asked);
    return chat ? { chat, messages: said } : null;
  }

  /** Stores what changed in a conversation since the last time, but nothing of one that was deleted
      meanwhile. Title and pin are changed by `change` alone. Never throws: see `failed`.
      @param {Conversation} conversation */
  async keep(conversation) {
    if (!this.#db) {
      this.#unsaved.set(conversation.id, conversation);
      this.#tell({ id: conversation.id, elsewhere: false });
      return;
    }
    const { id, chat, put, remove } = conversation.takeChanges();
    try {
      const { chats, messages, done, commit } = this.#stores('readwrite');
      const stored = await Promise.race([result(chats.get(id)), done]);
      if (conversation.wasStored && !stored) return;
      chats.put({
        ...chat,
        title: stored?.title || chat.title,
        pinned: stored?.pinned ?? chat.pinned,
      });
      for (const message of put) messages.put(message);
      for (const gone of remove) messages.delete(gone);
      commit();
      await done;
      conversation.wasStored = true;
      this.#unsaved.delete(id);
      this.#announce({ id });
    } catch {
      conversation.putBack({ put, remove });
      this.#unsaved.set(id, conversation);
      this.#tell({ id, elsewhere: false });
      this.dispatchEvent(new CustomEvent('failed', { detail: { id } }));
    }
  }

  /** Changes a chat's own fields, such as title and pinned.
      @param {string} id
      @param {Partial<ChatRecord>} fields */
  async change(id, fields) {
    if (!this.#db) return;
    const { chats, done } = this.#stores('readwrite');
    const chat = await result(chats.get(id));
    if (chat) chats.put({ ...chat, ...fields });
    await done;
    this.#announce({ id });
  }

  /** Deletes a chat; returns what `restore` needs to bring it back.
      @param {string} id */
  async remove(id) {
    const kept = await this.load(id);
    if (!kept) return null;
    this.#unsaved.delete(id);
    if (!this.#db) {
      this.#tell({ id, gone: true, elsewhere: false });
      return kept;
    }
    const { chats, messages, done } = this.#stores('readwrite');
    chats.delete(id);
    for (const message of kept.messages) messages.delete(message.id);
    await done;
    this.#announce({ id, gone: true });
    this.#keepUnsaved(); // there may be room now
    return kept;
  }

  /** Stores a whole chat, as `load` gave it.
      @param {StoredChat} stored */
  async restore({ chat, messages: said }) {
    if (!this.#db) {
      await this.keep(new Conversation({ chat, messages: said }));
      return;
    }
    const { chats, messages, done } = this.#stores('readwrite');
    chats.put(chat);
    for (const message of said) messages.put(message);
    await done;
    this.#announce({ id: chat.id });
  }

  /** The ids of the chats in whose messages `text` occurs.
      @param {string} text
      @returns {Promise<Set<string>>} */
  async search(text) {
    const wanted = text.toLowerCase();
    /** @param {Message} message */
    const holds = ({ content }) => content.toLowerCase().includes(wanted);
    const unsaved = [...this.#unsaved.values()].filter((conversation) =>
      conversation.snapshot().messages.some(holds),
    );
    const found = new Set(unsaved.map(({ id }) => id));
    if (!this.#db) return found;
    const cursor = this.#stores('readonly').messages.openCursor();
    return new Promise((resolve, reject) => {
      cursor.onerror = () => reject(cursor.error);
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return resolve(found);
        if (holds(at.value)) found.add(at.value.chat);
        return at.continue();
      };
    });
  }

  /** A page that the browser sets aside for the way back answers nothing: a transaction that waits for
      it would keep every other page from the database. */
  #letGo() {
    for (const transaction of this.#open) {
      try {
        transaction.abort();
      } catch {
        // It is being committed.
      }
    }
  }

  #keepUnsaved() {
    if (this.#db) for (const conversation of this.#unsaved.values()) this.keep(conversation);
  }

  /** @param {IDBTransactionMode} mode */
  #stores(mode) {
    if (!this.#db) throw new Error('the database is closed');
    const transaction = this.#db.transaction(['chats', 'messages'], mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    this.#open.add(transaction);
    done.catch(() => {}).finally(() => this.#open.delete(transaction));
    return {
      chats: transaction.objectStore('chats'),
      messages: transaction.objectStore('messages'),
      done,
      commit: () => transaction.commit?.(),
    };
  }

  /** @param {{ id: string, gone?: boolean }} what */
  #announce(what) {
    this.#tabs.postMessage(what);
    this.#tell({ ...what, elsewhere: false });
  }

  /** @param {StoreChange} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent('change', { detail }));
  }
}

/** @template T
    @param {IDBRequest<T>} request
    @returns {Promise<T>} */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    // A page that is being left needs no answer any more.
    request.onerror = () => request.error?.name !== 'AbortError' && reject(request.error);
  });
}

/** A database that does not answer must not keep the page from opening. */
function tooLate() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), OPEN_MS);
  });
}
