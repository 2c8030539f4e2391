// The chats on this device: those in the database, and those for which the browser has no room. Two
// tabs that write into one chat add to it instead of overwriting each other.

import { ChatDatabase, result } from './chat_database.js';
import { Conversation } from './conversation.js';
import { tabChannel } from '../net/tabs.js';

/** @import { ChatRecord, Message, StoreChange, StoredChat } from '../types.js' */

const NAME = 'tornado-ollama';

/** Fires `change` (detail: `{ id, gone, elsewhere }`) when this or another tab stored or deleted
    something, and `failed` (detail: `{ id }`) when something could not be stored. */
export class ChatStore extends EventTarget {
  #database = new ChatDatabase(NAME);
  // What could not be stored lives as long as the page.
  /** @type {Map<string, Conversation>} */
  #unsaved = new Map();
  #tabs = tabChannel(NAME);

  constructor() {
    super();
    addEventListener('pageshow', () => this.#keepUnsaved());
  }

  /** Opens the database; where there is none, everything else does nothing. */
  async open() {
    this.#tabs.onmessage = ({ data }) => this.#tell({ ...data, elsewhere: true });
    await this.#database.open();
  }

  /** Whether there is a place to keep chats in; some browsers give private windows none. */
  get isOpen() {
    return this.#database.isOpen;
  }

  /** Whether the browser refused to store what was last said in a chat.
      @param {string} id */
  isUnsaved(id) {
    return this.isOpen && this.#unsaved.has(id);
  }

  /** All chats, the latest first.
      @returns {Promise<ChatRecord[]>} */
  async list() {
    const stored = this.isOpen
      ? await result(this.#database.stores('readonly').chats.getAll())
      : [];
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
    if (!this.isOpen) return null;
    const { chats, messages } = this.#database.stores('readonly');
    const asked = [result(chats.get(id)), result(messages.index('chat').getAll(id))];
    const [chat, said] = await Promise.all(asked);
    return chat ? { chat, messages: said } : null;
  }

  /** Stores what changed in a conversation since the last time, but nothing of one that was deleted
      meanwhile. Title, pin, tags and settings are changed by `change` alone. Never throws: see `failed`.
      @param {Conversation} conversation */
  async keep(conversation) {
    if (conversation.chat.temporary) return;
    if (!this.isOpen) {
      this.#unsaved.set(conversation.id, conversation);
      this.#tell({ id: conversation.id, elsewhere: false });
      return;
    }
    const { id, chat, put, remove } = conversation.takeChanges();
    try {
      const { chats, messages, done, commit } = this.#database.stores('readwrite');
      const stored = await Promise.race([result(chats.get(id)), done]);
      if (conversation.wasStored && !stored) return;
      chats.put({
        ...chat,
        title: stored?.title || chat.title,
        pinned: stored?.pinned ?? chat.pinned,
        settings: stored ? stored.settings : chat.settings,
        tags: stored ? stored.tags : chat.tags,
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
    if (!this.isOpen) return;
    const { chats, done } = this.#database.stores('readwrite');
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
    if (!this.isOpen) {
      this.#tell({ id, gone: true, elsewhere: false });
      return kept;
    }
    const { chats, messages, done } = this.#database.stores('readwrite');
    chats.delete(id);
    for (const message of kept.messages) messages.delete(message.id);
    await done;
    this.#announce({ id, gone: true });
    this.#keepUnsaved(); // there may be room now
    return kept;
  }

  /** Stores whole chats, as `load` gave them.
      @param {...StoredChat} stored */
  async restore(...stored) {
    if (!this.isOpen) {
      for (const { chat, messages } of stored)
        await this.keep(new Conversation({ chat, messages }));
      return;
    }
    const { chats, messages, done } = this.#database.stores('readwrite');
    for (const { chat, messages: said } of stored) {
      chats.put(chat);
      for (const message of said) messages.put(message);
    }
    await done;
    for (const { chat } of stored.slice(-1)) this.#announce({ id: chat.id });
  }

  /** The chats in whose messages `text` occurs, each with the last of these messages.
      @param {string} text
      @returns {Promise<Map<string, Message | null>>} */
  async search(text) {
    const wanted = text.toLowerCase();
    /** @param {Message} message */
    const holds = ({ content }) => content.toLowerCase().includes(wanted);
    /** @type {Map<string, Message | null>} */
    const found = new Map();
    /** @param {Message} message */
    const look = (message) => {
      const before = found.get(message.chat);
      if (holds(message) && (!before || before.at < message.at)) found.set(message.chat, message);
    };
    for (const conversation of this.#unsaved.values())
      conversation.snapshot().messages.forEach(look);
    if (!this.isOpen) return found;
    const cursor = this.#database.stores('readonly').messages.openCursor();
    return new Promise((resolve, reject) => {
      cursor.onerror = () => reject(cursor.error);
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return resolve(found);
        look(at.value);
        return at.continue();
      };
    });
  }

  #keepUnsaved() {
    if (this.isOpen) for (const conversation of this.#unsaved.values()) this.keep(conversation);
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
