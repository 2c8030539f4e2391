// The reader's chats as a whole: opening, naming, pinning, deleting, saving to files and back.

import { announce } from '../ui/announcer.js';
import { Answers } from '../chat/answers.js';
import { ChatList } from '../history/chat_list.js';
import { Conversation } from '../history/conversation.js';
import { askToPersist } from '../history/persistence.js';
import { lazily } from '../ui/lazily.js';

/** @import { ChatRecord, FileForm, Hit, StoreChange } from '../types.js'
    @import { Chat } from '../chat/chat.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Sidebar } from './sidebar.js'
    @import { Toast } from '../ui/toast.js' */

const CHAT = '#chat=';

const tagging = lazily(() => import('../history/tag_dialog.js'));
const jumps = lazily(() => import('../chat/jump.js'));
const files = lazily(() => import('../history/chat_files.js'));

export class Library {
  // Another tab wrote into the chat while it could not be shown.
  #missed = false;

  /** @param {{ store: ChatStore, chat: Chat, answers: Answers, sidebar: Sidebar, toast: Toast }} parts */
  constructor({ store, chat, answers, sidebar, toast }) {
    this.store = store;
    this.chat = chat;
    this.answers = answers;
    this.sidebar = sidebar;
    this.toast = toast;
    this.list = new ChatList(store, {
      open: (id, hit) => this.open(id, hit),
      pin: ({ id, pinned }) => this.#change(id, { pinned: !pinned }),
      rename: ({ id }, title) => this.#change(id, { title }),
      remove: (one) => this.#remove(one),
      tag: async (one, known) =>
        (await tagging())?.askTags(one, known, (tags) => this.#change(one.id, { tags })),
      save: (one, form) => this.save(one.id, form),
    });
    chat.addEventListener('change', () => this.#shown());
    answers.addEventListener('begin', ({ detail }) => this.list.mark(detail.id, true));
    answers.addEventListener('end', ({ detail }) => {
      this.list.mark(detail.id, this.answers.of(detail.id).length > 0);
      askToPersist();
      if (this.#missed) this.#changed({ id: detail.id, elsewhere: true });
    });
    store.addEventListener('change', ({ detail }) => this.#changed(detail));
    addEventListener('popstate', () => this.openFromAddress());
  }

  /** `hit`: a message to go to.
      @param {string} id
      @param {Hit} [hit] */
  async open(id, hit) {
    const stored = await this.store.load(id);
    this.sidebar.close();
    if (!stored) return;
    this.chat.open(stored);
    this.#address(id);
    if (hit) (await jumps())?.jumpTo(this.chat, hit);
  }

  /** A new, empty chat. */
  fresh() {
    this.chat.open();
    this.sidebar.close();
    this.list.clearSearch();
    this.#address(null);
  }

  /** Opens the chat that the page's address names. Another place on the page is no chat. */
  async openFromAddress() {
    if (location.hash && !location.hash.startsWith(CHAT)) return;
    const id = location.hash.slice(CHAT.length);
    const stored = id ? await this.store.load(id) : null;
    if (stored) this.chat.open(stored);
    else if (!this.chat.conversation.isEmpty) this.chat.open();
  }

  /** Goes on with the answers in chats behind the one that is shown, which a reload left. */
  async resumeOthers() {
    for (const id of Answers.takeLeftRunning()) {
      const stored = id === this.chat.conversation.id ? null : await this.store.load(id);
      if (!stored) continue;
      const conversation = new Conversation(stored);
      const cut = conversation.markCut();
      if (id === this.chat.conversation.id) continue;
      for (const answer of cut) this.answers.resume(conversation, answer);
    }
  }

  /** The address follows the chat once it has a message, so that a reload comes back to it. */
  nameAddress() {
    const { isEmpty, chat } = this.chat.conversation;
    if (!isEmpty && !chat.temporary) this.#address(this.chat.conversation.id);
  }

  async exportAll() {
    (await files())?.exportAll(this.store);
  }

  /** Reads the chats of a file the reader picks. */
  async importFile() {
    (await files())?.importFile(this.store, (key, params) => {
      this.toast.show(key, params);
      announce(key, params);
    });
  }

  /** @param {string} id
      @param {Partial<ChatRecord>} fields */
  async #change(id, fields) {
    for (const held of [this.chat.conversation, this.answers.of(id)[0]?.conversation]) {
      if (held?.id === id) Object.assign(held.chat, fields);
    }
    if (fields.title && id === this.chat.conversation.id) this.#shown();
    await this.store.change(id, fields);
  }

  /** @param {ChatRecord} chat */
  async #remove({ id }) {
    const wasOpen = id === this.chat.conversation.id;
    await this.answers.stop(id);
    if (wasOpen) this.fresh();
    const kept = await this.store.remove(id);
    if (!kept) return;
    this.toast.offer('undo.chat', async () => {
      await this.store.restore(kept);
      if (wasOpen) await this.open(id);
    });
  }

  /** Saves a chat as a file, or lets the browser print it.
      @param {string} id
      @param {FileForm} form */
  async save(id, form) {
    if (form === 'print') {
      if (id !== this.chat.conversation.id) await this.open(id);
      this.sidebar.close();
      print();
      return;
    }
    const isThere = await (await files())?.exportOne(this.store, id, form);
    if (isThere === false) this.toast.show('chats.gone');
  }

  /** Deletes all chats on this device; there is no way back. */
  async removeAll() {
    this.fresh();
    for (const { id } of await this.store.list()) {
      await this.answers.stop(id);
      await this.store.remove(id);
    }
    this.toast.show('chats.allGone');
  }

  /** Another tab wrote into the chat that is shown here: it is shown as it now is. An answer under
      way there is marked, and shown once it is complete. A chat that it deleted is left.
      @param {StoreChange} change */
  async #changed({ id, gone, elsewhere }) {
    if (!elsewhere) return;
    if (gone) this.answers.stop(id);
    if (id !== this.chat.conversation.id) return;
    if (gone) {
      this.fresh();
      this.toast.show('chats.gone');
      return;
    }
    const stored = await this.store.load(id);
    if (!stored || id !== this.chat.conversation.id) return;
    this.#missed = this.chat.busy || this.chat.editing;
    if (!this.#missed) this.chat.update(stored);
  }

  #shown() {
    const { id, chat } = this.chat.conversation;
    this.list.current = id;
    document.title = chat.title ? `${chat.title} · tornado-ollama` : 'tornado-ollama';
  }

  /** @param {string | null} id */
  #address(id) {
    const wanted = id ? CHAT + id : location.pathname;
    const now = location.hash || location.pathname;
    if (wanted !== now) history.pushState(null, '', wanted);
  }
}
