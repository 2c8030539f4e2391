// The way to the settings, and the settings of the chat on the screen: shown above its messages where it
// has some. What draws them is fetched when it is first needed.

import { keepForNew, recallForNew } from '../settings/new_chat.js';
import { byId } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

/** @import { Chat } from '../chat/chat.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Models } from '../models/models.js'
    @import { Settings } from '../settings/settings.js' */

export class SettingsEntry {
  #shown = '{}';
  // The ids of the chat that is shown, and of one without messages.
  #id = '';
  #new = '';
  #forgetUndo = () => {};

  /** @param {{ settings: Settings, models: Models, chat: Chat, store: ChatStore }} parts */
  constructor({ settings, models, chat, store }) {
    this.settings = settings;
    this.chat = chat;
    this.own = lazily(async () => {
      const { ChatSettings } = await import('../settings/chat_settings.js');
      const own = new ChatSettings(settings, {
        chat: () => ({ chat: chat.conversation.chat, isEmpty: chat.conversation.isEmpty }),
        keep: (id, fields) => store.change(id, { settings: fields }),
      });
      own.addEventListener('change', () => this.show());
      this.#forgetUndo = () => own.forgetUndo();
      return own;
    });
    this.drawer = lazily(async () => {
      const [{ SettingsDrawer }, own] = await Promise.all([
        import('../settings/settings_drawer.js'),
        this.own(),
      ]);
      if (!own) throw new Error('not fetched');
      return new SettingsDrawer(settings, own, models);
    });
    this.view = lazily(() => import('../settings/own_view.js'));
    byId('settings-button').addEventListener('click', () => this.open());
    settings.addEventListener('change', () => this.show());
    chat.addEventListener('change', () => this.show());
  }

  /** @param {{ chat?: boolean }} [how] */
  async open(how) {
    (await this.drawer())?.open(how);
  }

  /** A dot tells that models are asked otherwise than by default. */
  async show() {
    const { chat, isEmpty } = this.chat.conversation;
    if (isEmpty) chat.settings ??= recallForNew();
    else if (chat.id === this.#new) keepForNew(undefined); // the chat keeps them from now on
    this.#new = isEmpty ? chat.id : '';
    const own = chat.settings ?? {};
    const hasOwn = Object.keys(own).length > 0;
    byId('settings-button').toggleAttribute('data-changed', hasOwn || this.settings.changed);
    if (this.#id !== chat.id) {
      this.#id = chat.id;
      this.#forgetUndo();
    }
    const shown = JSON.stringify(own);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const view = await this.view();
    if (this.#shown === shown) view?.showOwn(own, () => this.open({ chat: true }));
  }
}
