// Titles that models give, where the reader wants them: they cost a request more for each new chat.

import { besideOf, mainOf } from '../history/beside.js';
import { lazily } from '../ui/lazily.js';

/** @import { Settings } from '../settings/settings.js'
    @import { Library } from './library.js' */

const title = lazily(() => import('../chat/title.js'));

/** Entitles a chat after its first answer, unless the reader has named it meanwhile.
    @param {Library} library
    @param {Settings} settings */
export function offerTitles({ answers, chat, store }, settings) {
  answers.addEventListener('end', async ({ detail: { conversation, message } }) => {
    const question = conversation.questionOf(message);
    const all = conversation.all.filter(({ role }) => role === 'assistant');
    const isFirst =
      all.length === besideOf(conversation, message).length &&
      message === mainOf(conversation, message);
    if (settings.get('titles') !== 'true' || !isFirst || message.state !== 'done') return;
    const { id, chat: record } = conversation;
    const before = record.title;
    const made = question && (await (await title())?.titleFor(answers, question, message));
    if (!made || record.title !== before) return;
    const shown = chat.conversation.id === id ? chat.conversation.chat : record;
    record.title = shown.title = made;
    await store.change(id, { title: made });
    if (chat.conversation.id === id) chat.dispatchEvent(new Event('change'));
  });
}
