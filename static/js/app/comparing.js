// A second model that answers besides the chosen one in the chat on the screen. What shows it is fetched
// when there is one first.

import { loadStyles } from '../ui/asset.js';
import { lazily } from '../ui/lazily.js';

/** @import { ModelPicker } from '../models/model_picker.js'
    @import { Chat } from '../chat/chat.js' */

const second = lazily(async () => {
  const chip = await import('./second_model.js');
  await loadStyles('css/beside.css');
  return chip;
});

/** Offers it in the picker of models.
    @param {Chat} chat
    @param {ModelPicker} picker */
export function offerComparing(chat, picker) {
  /** @param {string | undefined} name */
  const compareWith = (name) => {
    const { conversation } = chat;
    conversation.chat.second = name;
    if (conversation.isEmpty) chat.dispatchEvent(new Event('change'));
    else chat.changed(conversation);
  };
  picker.compare = compareWith;
  let shown = /** @type {string | undefined} */ (undefined);
  chat.addEventListener('change', async () => {
    const name = chat.conversation.chat.second;
    if (name === shown) return;
    shown = name;
    const loaded = await second();
    if (name !== shown) return;
    loaded?.showSecond(name, {
      change: (at) => picker.open(at, compareWith, 'model.compareWith'),
      drop: () => compareWith(undefined),
    });
  });
}
