// The settings of the chat that is shown, where they differ from those of all chats. They are kept with
// it, but for those of a chat without messages, which is not stored yet: they belong to the tab.

import { keepForNew } from './new_chat.js';
import { settingsOf } from './options.js';

/** @import { ChatRecord } from '../types.js'
    @import { Settings } from './settings.js' */

/** @typedef {Record<string, string>} Own a text for each field that differs, empty where the chat wants
    the default of the model instead */

/** Fires `change`. As Settings, with those of all chats where the chat has none of its own. */
export class ChatSettings extends EventTarget {
  /** @type {Own | null} */
  #before = null;

  /** `settings`: of all chats. `chat()`: the record of the chat that is shown, and whether it has no
      message yet. `keep(id, own)`: stores them.
      @param {Settings} settings
      @param {{ chat: () => { chat: ChatRecord, isEmpty: boolean },
          keep: (id: string, own: Own | undefined) => unknown }} parts */
  constructor(settings, { chat, keep }) {
    super();
    this.settings = settings;
    this.chat = chat;
    this.keep = keep;
  }

  /** Those that differ.
      @returns {Own} */
  get own() {
    return this.chat().chat.settings ?? {};
  }

  /** @param {string} name */
  get(name) {
    return settingsOf(this.own, this.settings)(name);
  }

  /** @param {string} name */
  isOwn(name) {
    return name in this.own;
  }

  /** `value` null: as in all chats.
      @param {string} name
      @param {string | null} value */
  set(name, value) {
    if (value !== null && this.get(name) === value) return;
    const { [name]: _, ...own } = this.own;
    if (value !== null && value !== this.settings.get(name)) own[name] = value;
    this.#change(own);
  }

  reset() {
    if (this.changed) this.#change({});
  }

  get changed() {
    return Object.keys(this.own).length > 0;
  }

  get canUndo() {
    return this.#before !== null;
  }

  undo() {
    if (this.#before) this.#change(this.#before);
    this.forgetUndo();
  }

  forgetUndo() {
    this.#before = null;
    this.dispatchEvent(new Event('change'));
  }

  /** @param {Own} own */
  #change(own) {
    const { chat, isEmpty } = this.chat();
    this.#before = this.own;
    chat.settings = Object.keys(own).length > 0 ? own : undefined;
    if (isEmpty) keepForNew(chat.settings);
    else this.keep(chat.id, chat.settings);
    this.dispatchEvent(new Event('change'));
  }
}
