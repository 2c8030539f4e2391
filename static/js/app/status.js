// Who answers, with which models, and what the page says of it: on the empty page, above the message
// box and in the bar.

import { failureOf } from '../net/failure.js';
import { token } from '../net/token_store.js';
import { fullest, showContext } from '../chat/context_gauge.js';
import { lastRow } from '../history/beside.js';
import { byId } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { Notice } from './notice.js';

/** @import { Failure } from '../types.js'
    @import { Chat } from '../chat/chat.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Managing } from '../models/managing.js'
    @import { Models } from '../models/models.js'
    @import { Backend } from './backend.js'
    @import { TokenDialog } from './token_dialog.js'
    @import { Welcome } from './welcome.js' */

/** @type {Failure} */
const NEWER = {
  what: 'newer.what',
  next: 'newer.next',
  actions: ['reload'],
  params: {},
  said: '',
};

export class Status {
  /** @type {Promise<unknown> | null} */
  #looking = null;

  /** @param {{ backend: Backend, chat: Chat, managing: Managing, models: Models, store: ChatStore,
          tokenDialog: TokenDialog, welcome: Welcome }} parts */
  constructor({ backend, chat, managing, models, store, tokenDialog, welcome }) {
    this.backend = backend;
    this.chat = chat;
    this.managing = managing;
    this.models = models;
    this.store = store;
    this.tokenDialog = tokenDialog;
    this.welcome = welcome;
    this.notice = new Notice(byId('notice'), {
      token: () => tokenDialog.open(),
      retry: () => this.look(),
      reload: () => location.reload(),
    });
    models.addEventListener('change', () => this.show());
    for (const type of /** @type {const} */ (['busy', 'change']))
      chat.addEventListener(type, () => this.show());
    backend.addEventListener('change', () => {
      if (!this.#looking) models.refresh();
      this.show();
    });
  }

  /** Who answers, and with which models? Opens the token dialog where they are refused. */
  async look() {
    await this.#refresh();
    // A 403 to whoever has sent no token: under this host name nobody comes in without one.
    const refused = token() === null ? [401, 403] : [401];
    if (refused.includes(this.models.failure?.status ?? 0)) this.tokenDialog.open();
  }

  /** Looks anew, with the token of now. */
  async lookAgain() {
    await this.#looking;
    await this.#refresh();
  }

  show() {
    const { models, backend, chat, managing } = this;
    const embedded = backend.kind === 'embedded';
    // The way to the models is there for those who may change them.
    managing.offered = !embedded && !models.failure && backend.scopes.includes('manage');
    byId('models-entry').hidden = !managing.offered;
    this.#offerOperatorView();
    const chip = byId('backend-chip');
    chip.hidden = !embedded;
    if (embedded) bindText(chip, 'backend.embedded');

    this.welcome.shown = chat.conversation.isEmpty;
    this.#showWelcome();
    if (models.failure) this.notice.show(failureOf(models.failure));
    else if (!backend.connected) this.notice.show(failureOf({ status: 503, message: '' }));
    else if (backend.isNewer) this.notice.show(NEWER);
    else this.notice.hide();

    const { used, limit } = fullest(lastRow(chat.conversation));
    showContext(used, limit);
  }

  /** Whoever may manage looks at the server, others at their own requests there. */
  #offerOperatorView() {
    const { scopes } = this.backend;
    const entry = byId('operator-entry');
    entry.hidden = scopes.length === 0;
    const words = entry.querySelector('span[data-t]');
    const key = scopes.includes('manage') ? 'operator.title' : 'operator.title.own';
    if (words instanceof HTMLElement) bindText(words, key);
  }

  /** Asked once, however many want to know. */
  #refresh() {
    this.#looking ??= Promise.all([this.backend.refresh(), this.models.refresh()]).finally(() => {
      this.#looking = null;
      this.show();
    });
    return this.#looking;
  }

  #showWelcome() {
    const { welcome, models, backend, store, chat } = this;
    const { failure, current } = models;
    const kept = store.isOpen ? 'welcome.ollama' : 'welcome.notKept';
    const throughOllama = chat.conversation.chat.temporary ? 'welcome.temporary' : kept;
    const embedded = backend.kind === 'embedded';
    if (failure) welcome.tell('welcome.nobody', null);
    else if (current) welcome.tell(embedded ? 'welcome.embedded' : throughOllama, current);
    else if (models.known) this.#tellNoModel();
    else welcome.tell('welcome.looking', null);
  }

  /** Where there is no model: because there is none, or none for this token? The list of a token
      that may use some models only is empty in both cases. */
  #tellNoModel() {
    const { welcome, managing, models } = this;
    if (managing.offered) welcome.tell('welcome.noModel', null, 'pull');
    else if (token() && models.all.length === 0) welcome.tell('welcome.noneForYou', null, 'token');
    else welcome.tell('welcome.noModel', null);
  }
}
