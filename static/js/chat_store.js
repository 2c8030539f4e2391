// The chats on this device, in IndexedDB. Messages are records of their own, so that two tabs that
// write into one chat add to it instead of overwriting each other.

const NAME = 'tornado-ollama';

// Each step makes version n+1 of the database out of version n; steps are only ever added.
const STEPS = [
  (db) => {
    db.createObjectStore('chats', { keyPath: 'id' });
    db.createObjectStore('messages', { keyPath: 'id' }).createIndex('chat', 'chat');
  },
];

/** Fires `change` (detail: the id of the chat) when this or another tab stored something, and
    `failed` when something could not be stored. */
export class ChatStore extends EventTarget {
  #db = null;
  #tabs = new BroadcastChannel(NAME);

  /** Opens the database; where there is none, everything else does nothing. */
  async open() {
    this.#tabs.onmessage = ({ data }) => this.#tell(data, true);
    try {
      const opening = indexedDB.open(NAME, STEPS.length);
      opening.onupgradeneeded = ({ oldVersion }) => {
        for (const step of STEPS.slice(oldVersion)) step(opening.result);
      };
      this.#db = await result(opening);
      this.#db.onversionchange = () => this.#db.close();
    } catch {
      this.#db = null;
    }
  }

  /** Whether there is a place to keep chats in; some browsers give private windows none. */
  get isOpen() {
    return this.#db !== null;
  }

  /** All chats, the latest first. */
  async list() {
    if (!this.#db) return [];
    const chats = await result(this.#stores('readonly').chats.getAll());
    return chats.sort((one, other) => other.updatedAt - one.updatedAt);
  }

  /** `{ chat, messages }`, or null. */
  async load(id) {
    if (!this.#db) return null;
    const { chats, messages } = this.#stores('readonly');
    const asked = [result(chats.get(id)), result(messages.index('chat').getAll(id))];
    const [chat, said] = await Promise.all(asked);
    return chat ? { chat, messages: said } : null;
  }

  /** Stores what changed in a conversation since the last time. Never throws: see `failed`. */
  async keep(conversation) {
    const changes = conversation.takeChanges();
    try {
      await this.write(changes);
    } catch {
      conversation.putBack(changes);
      this.dispatchEvent(new Event('failed'));
    }
  }

  async write({ chat, put = [], remove = [] }) {
    if (!this.#db) return;
    const { chats, messages, done } = this.#stores('readwrite');
    chats.put(chat);
    for (const message of put) messages.put(message);
    for (const id of remove) messages.delete(id);
    await done;
    this.#announce(chat.id);
  }

  /** Changes a chat's own fields, such as title and pinned. */
  async change(id, fields) {
    if (!this.#db) return;
    const { chats, done } = this.#stores('readwrite');
    const chat = await result(chats.get(id));
    if (chat) chats.put({ ...chat, ...fields });
    await done;
    this.#announce(id);
  }

  /** Deletes a chat; returns what `restore` needs to bring it back. */
  async remove(id) {
    const kept = await this.load(id);
    if (!kept) return null;
    const { chats, messages, done } = this.#stores('readwrite');
    chats.delete(id);
    for (const message of kept.messages) messages.delete(message.id);
    await done;
    this.#announce(id);
    return kept;
  }

  restore({ chat, messages }) {
    return this.write({ chat, put: messages });
  }

  /** The ids of the chats in whose messages `text` occurs. */
  async search(text) {
    const found = new Set();
    if (!this.#db) return found;
    const wanted = text.toLowerCase();
    const cursor = this.#stores('readonly').messages.openCursor();
    return new Promise((resolve, reject) => {
      cursor.onerror = () => reject(cursor.error);
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return resolve(found);
        if (at.value.content.toLowerCase().includes(wanted)) found.add(at.value.chat);
        return at.continue();
      };
    });
  }

  #stores(mode) {
    const transaction = this.#db.transaction(['chats', 'messages'], mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    done.catch(() => {});
    return { chats: transaction.objectStore('chats'), messages: transaction.objectStore('messages'), done };
  }

  #announce(id) {
    this.#tabs.postMessage(id);
    this.#tell(id, false);
  }

  #tell(id, elsewhere) {
    this.dispatchEvent(new CustomEvent('change', { detail: { id, elsewhere } }));
  }
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
