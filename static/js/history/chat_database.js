// The database of the chats, in IndexedDB: opening it, and transactions on it. A message is a record
// of its own. What is kept in it, and when, is for chat_store.js to say.

const OPEN_MS = 4_000;

// Each step makes version n+1 of the database out of version n; steps are only ever added.
/** @type {((db: IDBDatabase) => void)[]} */
const STEPS = [
  (db) => {
    db.createObjectStore('chats', { keyPath: 'id' });
    db.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
  },
];

export class ChatDatabase {
  /** @type {IDBDatabase | null} */
  #db = null;
  /** @type {Set<IDBTransaction>} */
  #open = new Set();

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    addEventListener('pagehide', () => this.#letGo());
  }

  /** Opens it, where the browser has a place for it; never throws. */
  async open() {
    try {
      const opening = indexedDB.open(this.name, STEPS.length);
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

  get isOpen() {
    return this.#db !== null;
  }

  /** A transaction on both stores; `done` settles when it is through, `commit` ends it at once.
      @param {IDBTransactionMode} mode */
  stores(mode) {
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
}

/** What a request to the database gives.
    @template T
    @param {IDBRequest<T>} request
    @returns {Promise<T>} */
export function result(request) {
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
