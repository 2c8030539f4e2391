// The list of chats at the side: grouped by day, searched, and what can be done with each.

import { button, byId, el } from '../ui/dom.js';
import { allTags, drawTags, hasTag, tagWords } from './tags.js';
import { showHit } from './hit_line.js';
import { dayGroups } from './day_groups.js';
import { language, bindText, t } from '../ui/i18n.js';
import { openMenu } from '../ui/popup_menu.js';

/** @import { ChatRecord, FileForm, Hit, Message } from '../types.js'
    @import { ChatStore } from './chat_store.js' */

/** @typedef {object} ChatActions
    @property {(id: string, hit?: Hit) => void} open
    @property {(chat: ChatRecord) => void} pin
    @property {(chat: ChatRecord, title: string) => void} rename
    @property {(chat: ChatRecord) => void} remove
    @property {(chat: ChatRecord, known: string[]) => void} tag
    @property {(chat: ChatRecord, form: FileForm) => void} save */

/** @typedef {object} ChatRow
    @property {ChatRecord} chat
    @property {HTMLElement} title
    @property {HTMLElement} mark
    @property {HTMLElement} hit
    @property {HTMLElement} tags
    @property {HTMLButtonElement} open
    @property {HTMLButtonElement} more
    @property {HTMLElement} node */

const SEARCH_PAUSE_MS = 150;
/** @type {FileForm[]} */
const FORMS = ['markdown', 'html', 'json', 'print'];

export class ChatList {
  /** @type {ChatRecord[]} */
  #chats = [];
  /** @type {Map<string, Message | null> | null} */
  #found = null;
  #clock = 0;
  /** @type {Map<string, 'writing' | 'new'>} */
  #marks = new Map();
  /** @type {Map<string, ChatRow>} */
  #rows = new Map();
  #drawn = '';
  /** @type {HTMLInputElement | null} */
  #renaming = null;

  /** `actions`: `open(id)`, `pin(chat)`, `rename(chat, title)`, `remove(chat)`,
      `save(chat, form)`.
      @param {ChatStore} store
      @param {ChatActions} actions */
  constructor(store, actions) {
    this.store = store;
    this.actions = actions;
    this.search = el('input', {
      class: 'field',
      type: 'search',
      label: 'chats.search',
      placeholder: 'chats.search',
      spellcheck: 'false',
      on: { input: () => this.#searched() },
    });
    this.groups = el('div', { class: 'chat-groups' });
    this.tags = el('div', { class: 'tag-row', label: 'tags.title', role: 'group', hidden: true });
    byId('chats').append(el('div', { class: 'chats-head' }, this.search), this.tags, this.groups);
    store.addEventListener('change', () => this.refresh());
    document.addEventListener('languagechange', () => this.#draw());
  }

  /** Marks the chat that is shown beside the list.
      @param {string} id */
  set current(id) {
    this.shownId = id;
    if (this.#marks.get(id) === 'new') this.#marks.delete(id);
    this.#draw();
  }

  /** Marks a chat as being answered (`writing`), or as answered behind the one that is shown.
      @param {string} id
      @param {boolean} writing */
  mark(id, writing) {
    if (writing) this.#marks.set(id, 'writing');
    else if (id === this.shownId) this.#marks.delete(id);
    else this.#marks.set(id, 'new');
    this.#draw();
  }

  get isEmpty() {
    return this.#chats.length === 0;
  }

  /** Shows all chats again. */
  clearSearch() {
    if (!this.search.value) return;
    this.search.value = '';
    this.#found = null;
    this.#draw();
  }

  async refresh() {
    this.#chats = await this.store.list();
    const listed = new Set(this.#chats.map(({ id }) => id));
    for (const id of this.#rows.keys()) {
      if (listed.has(id)) continue;
      this.#rows.delete(id);
      this.#marks.delete(id);
    }
    this.#draw();
  }

  get #wanted() {
    return this.search.value.trim().toLowerCase();
  }

  /** At what was searched for, where that is in one of its messages.
      @param {string} id */
  #open(id) {
    const message = this.#found?.get(id)?.id;
    this.actions.open(id, message ? { message, words: this.#wanted } : undefined);
  }

  #searched() {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(async () => {
      await this.#find();
      this.#draw();
    }, SEARCH_PAUSE_MS);
  }

  async #find() {
    const wanted = this.#wanted;
    if (!wanted) {
      this.#found = null;
      return;
    }
    const found = await this.store.search(wanted);
    if (wanted !== this.#wanted) return; // it is searched for something else
    for (const chat of this.#chats)
      if (!found.has(chat.id) && named(chat, wanted)) found.set(chat.id, null);
    this.#found = found;
  }

  /** The rows stay what they are while only words and marks change: the reader may be on one of them,
      with the pointer, the focus or a new name. */
  #draw() {
    drawTags(this.tags, this.#chats, (words) => {
      this.search.value = words;
      this.#searched();
    });
    const found = this.#found;
    const chats = found ? this.#chats.filter(({ id }) => found.has(id)) : this.#chats;
    const groups = dayGroups(chats);
    const order = JSON.stringify([
      language(),
      this.store.isOpen,
      found !== null,
      groups.map(({ key, month, chats: inside }) => [key, month, inside.map(({ id }) => id)]),
    ]);
    for (const chat of chats) this.#row(chat);
    if (order === this.#drawn || this.#renaming) return;
    this.#drawn = order;
    const nodes = groups.map(({ key, month, chats: inside }) =>
      el(
        'section',
        {},
        month ? el('h2', { text: monthName(month) }) : el('h2', { t: key }),
        el('ul', {}, ...inside.flatMap(({ id }) => this.#rows.get(id)?.node ?? [])),
      ),
    );
    if (!this.store.isOpen) nodes.push(el('p', { class: 'faint', t: 'chats.notKept' }));
    else if (nodes.length === 0)
      nodes.push(el('p', { class: 'faint', t: found ? 'chats.notFound' : 'chats.none' }));
    this.groups.replaceChildren(...nodes);
  }

  /** Makes the chat's row, or brings it up to date.
      @param {ChatRecord} chat */
  #row(chat) {
    const row = this.#rows.get(chat.id) ?? this.#newRow(chat);
    this.#rows.set(chat.id, row);
    const mark = this.store.isUnsaved(chat.id) ? 'unsaved' : this.#marks.get(chat.id);
    row.chat = chat;
    row.title.textContent = chat.title || t('chats.untitled');
    row.open.title = chat.title;
    row.tags.textContent = tagWords(chat);
    row.tags.hidden = !row.tags.textContent;
    const found = this.#found?.get(chat.id);
    showHit(row.hit, found?.content ?? '', this.#wanted);
    row.mark.hidden = !mark;
    row.mark.className = `chat-mark ${mark}`;
    if (mark) bindText(row.mark, `chats.${mark}`, undefined, 'tLabel');
    if (chat.id === this.shownId) row.open.setAttribute('aria-current', 'page');
    else row.open.removeAttribute('aria-current');
  }

  /** @param {ChatRecord} chat */
  #newRow(chat) {
    const title = el('span', { class: 'chat-title', dir: 'auto' });
    const mark = el('span', { role: 'img' });
    const hit = el('span', { class: 'chat-hit faint', dir: 'auto', hidden: true });
    const tags = el('span', { class: 'chat-hit chat-tags faint', dir: 'auto', hidden: true });
    const open = button(
      { class: 'chat-open', on: { click: () => this.#open(chat.id) } },
      title,
      mark,
      tags,
      hit,
    );
    const more = button({
      class: 'quiet icon-button',
      icon: 'menu',
      label: 'chats.more',
      'aria-haspopup': 'menu',
      on: { click: () => this.#openMenu(row.chat, more) },
    });
    const node = el('li', { class: 'chat-row', data: { chat: chat.id } }, open, more);
    /** @type {ChatRow} */
    const row = { chat, title, mark, hit, tags, open, more, node };
    return row;
  }

  /** @param {ChatRecord} chat
      @param {HTMLElement} at */
  #openMenu(chat, at) {
    openMenu(at, [
      {
        icon: 'pin',
        t: chat.pinned ? 'chats.unpin' : 'chats.pin',
        run: () => this.actions.pin(chat),
      },
      { icon: 'tag', t: 'tags.title', run: () => this.actions.tag(chat, allTags(this.#chats)) },
      { icon: 'edit', t: 'chats.rename', run: () => this.#rename(chat) },
      ...FORMS.map((form) => ({
        icon: 'export',
        t: `chats.save.${form}`,
        run: () => this.actions.save(chat, form),
      })),
      { icon: 'trash', t: 'chats.remove', run: () => this.actions.remove(chat) },
    ]);
  }

  /** @param {ChatRecord} chat */
  #rename(chat) {
    const row = this.#rows.get(chat.id);
    if (!row) return; // another tab has deleted it since the menu was opened
    const { node, open, more } = row;
    const field = el('input', {
      class: 'field',
      type: 'text',
      label: 'chats.rename',
      maxlength: '200',
    });
    field.value = chat.title;
    /** @param {boolean} keep */
    const end = (keep) => {
      if (this.#renaming !== field) return;
      this.#renaming = null;
      const hadFocus = document.activeElement === field;
      node.replaceChildren(open, more);
      if (hadFocus) open.focus();
      const title = field.value.trim();
      if (keep && title && title !== chat.title) this.actions.rename(chat, title);
      else this.#draw();
    };
    field.addEventListener('blur', () => end(true));
    field.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'Enter') end(true);
      if (event.key !== 'Escape') return;
      event.preventDefault(); // it is meant for the name alone
      end(false);
    });
    this.#renaming = field;
    node.replaceChildren(field);
    field.select();
  }
}

/** @param {ChatRecord} chat
    @param {string} wanted in lower case */
const named = (chat, wanted) => chat.title.toLowerCase().includes(wanted) || hasTag(chat, wanted);

/** @param {number} at */
function monthName(at) {
  return new Intl.DateTimeFormat(language(), { month: 'long', year: 'numeric' }).format(at);
}
