// The list of chats at the side: grouped by day, searched, and what can be done with each.

import { button, byId, el } from './dom.js';
import { dayGroups } from './day_groups.js';
import { language, t } from './i18n.js';
import { openMenu } from './popup_menu.js';

const SEARCH_PAUSE_MS = 150;

export class ChatList {
  #chats = [];
  #found = null;
  #clock = 0;
  #marks = new Map();

  /** `actions`: `open(id)`, `pin(chat)`, `rename(chat, title)`, `remove(chat)`, `save(chat)`. */
  constructor(store, actions) {
    this.store = store;
    this.actions = actions;
    this.search = el('input', {
      class: 'field', type: 'search', label: 'chats.search', placeholder: 'chats.search', spellcheck: 'false',
      on: { input: () => this.#searched() },
    });
    this.groups = el('div', { class: 'chat-groups' });
    byId('chats').append(
      el('div', { class: 'chats-head' }, this.search),
      this.groups,
    );
    store.addEventListener('change', () => this.refresh());
    document.addEventListener('languagechange', () => this.#draw());
  }

  /** Marks the chat that is shown beside the list. */
  set current(id) {
    this.shownId = id;
    if (this.#marks.get(id) === 'new') this.#marks.delete(id);
    this.#draw();
  }

  /** Marks a chat as being answered (`writing`), or as answered behind the one that is shown. */
  mark(id, writing) {
    if (writing) this.#marks.set(id, 'writing');
    else if (id === this.shownId) this.#marks.delete(id);
    else this.#marks.set(id, 'new');
    this.#draw();
  }

  get isEmpty() {
    return this.#chats.length === 0;
  }

  async refresh() {
    this.#chats = await this.store.list();
    if (this.search.value.trim()) await this.#find();
    this.#draw();
  }

  #searched() {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(async () => {
      await this.#find();
      this.#draw();
    }, SEARCH_PAUSE_MS);
  }

  async #find() {
    const wanted = this.search.value.trim().toLowerCase();
    if (!wanted) {
      this.#found = null;
      return;
    }
    const found = await this.store.search(wanted);
    for (const chat of this.#chats) if (chat.title.toLowerCase().includes(wanted)) found.add(chat.id);
    this.#found = found;
  }

  #draw() {
    const chats = this.#found ? this.#chats.filter(({ id }) => this.#found.has(id)) : this.#chats;
    const groups = dayGroups(chats).map(({ key, month, chats: inside }) => el('section', {},
      month ? el('h2', { text: monthName(month) }) : el('h2', { t: key }),
      el('ul', {}, ...inside.map((chat) => this.#row(chat)))));
    const nothing = this.store.isOpen ? 'chats.none' : 'chats.notKept';
    if (groups.length === 0) groups.push(el('p', { class: 'faint', t: this.#found ? 'chats.notFound' : nothing }));
    this.groups.replaceChildren(...groups);
  }

  #row(chat) {
    const open = button({
      class: 'chat-open', 'aria-current': chat.id === this.shownId ? 'page' : null,
      on: { click: () => this.actions.open(chat.id) },
    }, el('span', { class: 'chat-title', text: chat.title || t('chats.untitled') }), this.#mark(chat));
    const more = button({
      class: 'quiet icon-button', icon: 'menu', label: 'chats.more', 'aria-haspopup': 'menu',
      on: { click: (event) => this.#openMenu(chat, event.currentTarget) },
    });
    return el('li', { class: 'chat-row', data: { chat: chat.id } }, open, more);
  }

  #mark({ id }) {
    const mark = this.#marks.get(id);
    return mark ? el('span', { class: `chat-mark ${mark}`, label: `chats.${mark}`, role: 'img' }) : null;
  }

  #openMenu(chat, at) {
    openMenu(at, [
      { icon: 'pin', t: chat.pinned ? 'chats.unpin' : 'chats.pin', run: () => this.actions.pin(chat) },
      { icon: 'edit', t: 'chats.rename', run: () => this.#rename(chat) },
      { icon: 'export', t: 'chats.save', run: () => this.actions.save(chat) },
      { icon: 'trash', t: 'chats.remove', run: () => this.actions.remove(chat) },
    ]);
  }

  #rename(chat) {
    const row = this.groups.querySelector(`[data-chat="${chat.id}"]`);
    const field = el('input', { class: 'field', type: 'text', label: 'chats.rename', maxlength: '200' });
    field.value = chat.title;
    let over = false;
    const end = (keep) => {
      if (over) return;
      over = true;
      const title = field.value.trim();
      if (keep && title && title !== chat.title) this.actions.rename(chat, title);
      else this.#draw();
    };
    field.addEventListener('blur', () => end(true));
    field.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') end(true);
      if (event.key === 'Escape') end(false);
    });
    row.replaceChildren(field);
    field.select();
  }
}

function monthName(at) {
  return new Intl.DateTimeFormat(language(), { month: 'long', year: 'numeric' }).format(at);
}
