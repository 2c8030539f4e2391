// What is spoken: answers that are read aloud, and dictation where the reader has switched it on.

import { isReading, stopReading, stopReadingUnless, watchVoices } from '../chat/reading.js';
import { rowsOf } from '../history/beside.js';
import { lazily } from '../ui/lazily.js';
import { canRecognize } from '../ui/speech_recognition.js';

/** @import { Chat } from '../chat/chat.js'
    @import { Composer } from '../chat/composer.js'
    @import { Settings } from '../settings/settings.js'
    @import { Toast } from '../ui/toast.js' */

/** Joins both to the chat that is shown: when it is left, they end. So does dictation when what was
    dictated is sent, and reading when its answer is shown no longer.
    @param {{ chat: Chat, composer: Composer, settings: Settings, toast: Toast }} parts */
export function offerVoice({ chat, composer, settings, toast }) {
  const dictation = lazily(async () => {
    const { Dictation } = await import('../chat/dictation.js');
    return new Dictation(toast);
  });
  let isThere = false;
  const show = async () => {
    const wanted = settings.get('dictate') === 'true' && canRecognize();
    if (!wanted && !isThere) return;
    const made = await dictation();
    if (!made) return;
    isThere = true;
    made.shown = settings.get('dictate') === 'true';
  };
  const endDictation = async () => {
    if (isThere) (await dictation())?.stop();
  };
  let { id } = chat.conversation;
  chat.addEventListener('change', () => {
    stopReadingUnless(rowsOf(chat.conversation).flat());
    if (chat.conversation.id === id) return;
    id = chat.conversation.id;
    endDictation();
  });
  for (const type of ['submit', 'next']) composer.addEventListener(type, endDictation);
  settings.addEventListener('change', show);
  watchVoices();
  show();
}

/** What ends the reading, while there is one. */
export const readingStop = () => (isReading() ? stopReading : null);
