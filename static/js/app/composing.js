// The message box with what is attached to it, joined to the chat on the screen.

import { Attachments } from '../chat/attachments.js';
import { TEMPORARY } from '../chat/drafts.js';
import { listenForLongPaste } from '../chat/long_paste.js';
import { canSee } from '../models/capabilities.js';

/** @import { Asking } from '../chat/asking.js'
    @import { Chat } from '../chat/chat.js'
    @import { Composer } from '../chat/composer.js'
    @import { Conversation } from '../history/conversation.js'
    @import { ChatStore } from '../history/chat_store.js'
    @import { Models } from '../models/models.js'
    @import { Toast } from '../ui/toast.js' */

export class Composing {
  #draft = 'new';

  /** `look()`: asks again who answers. `asked()`: runs after something was asked.
      @param {{ asking: Asking, chat: Chat, composer: Composer, models: Models, store: ChatStore,
          toast: Toast, look: () => Promise<unknown>, asked: () => void }} parts */
  constructor({ asking, chat, composer, models, store, toast, look, asked }) {
    this.asking = asking;
    this.chat = chat;
    this.composer = composer;
    this.models = models;
    this.store = store;
    this.toast = toast;
    this.look = look;
    this.asked = asked;
    this.attachments = new Attachments({
      canSee: () => canSee(this.models.find(this.models.current)),
      refuse: (key, params) => {
        composer.hold();
        toast.add(key, params);
      },
      offer: (key, params, label, act) => {
        composer.hold();
        toast.offer(key, act, { params, label });
      },
    });
    this.attachments.addEventListener('change', () => {
      composer.hasMore = !this.attachments.isEmpty;
      composer.preparing = this.attachments.now.preparing > 0;
    });
    this.attachments.show();
    listenForLongPaste(this.attachments, toast);
    composer.addEventListener('submit', ({ detail }) => this.ask(detail, this.attachments));
    composer.addEventListener('stop', () => asking.stop());
    chat.addEventListener('busy', () => {
      composer.busy = chat.busy;
    });
    chat.addEventListener('change', () => this.#turnTo(draftOf(chat.conversation)));
    store.addEventListener('change', ({ detail }) => {
      if (detail.gone) this.forget(detail.id);
    });
  }

  /** Asks in the chat that is shown; not when that became another while it was waited.
      @param {string} text
      @param {Attachments | null} [attachments] */
  async ask(text, attachments = null) {
    const { chat, models, composer } = this;
    const { conversation } = chat;
    if (!models.current) await this.look();
    await attachments?.ready();
    if (chat.conversation !== conversation || !models.current || !this.asking.maySayMore()) return;
    if (attachments && !this.mayAttach()) return;
    if (attachments && composer.text.trim() === text) composer.text = '';
    this.asking.ask(text, attachments?.take());
    this.asked();
  }

  /** Whether those that answer can use what is attached; says who cannot. */
  mayAttach() {
    const isAny = this.attachments.now.images.length > 0;
    const asked = [this.models.current, this.chat.conversation.chat.second ?? null];
    const blind = asked.map((name) => this.models.find(name)).find((one) => one && !canSee(one));
    if (isAny && blind) this.toast.show('attach.blindNow', { model: blind.name });
    return !(isAny && blind);
  }

  /** To what is written and attached in a chat. Nothing stays of a temporary one that is left; it
      begins with what was to begin a new one.
      @param {string} draft */
  #turnTo(draft) {
    const { composer, attachments } = this;
    const before = this.#draft;
    if (draft === before) return;
    this.#draft = draft;
    const goesAlong = before === 'new' && draft === TEMPORARY;
    const { text } = composer;
    if (goesAlong) composer.text = '';
    composer.chat = draft;
    attachments.turnTo(draft, { goesAlong });
    if (goesAlong) composer.text = text;
    else if (before === TEMPORARY) this.forget(TEMPORARY);
  }

  /** What was written and attached and not sent in a chat, or, without one, in all.
      @param {string} [chat] */
  forget(chat) {
    this.composer.forgetDraft(chat);
    this.attachments.forget(chat);
  }
}

/** Whose draft is written: a chat without a message shares one with the next.
    @param {Conversation} conversation */
function draftOf({ id, isEmpty, chat }) {
  if (chat.temporary) return TEMPORARY;
  return isEmpty ? 'new' : id;
}
