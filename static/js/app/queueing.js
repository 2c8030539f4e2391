// What is sent while an answer is written waits for its end. What that takes is fetched then, or where
// the page before this one left something to wait.

import { lazily } from '../ui/lazily.js';
import { recallForTab } from '../ui/prefs.js';

/** @import { Answers } from '../chat/answers.js'
    @import { Composing } from './composing.js' */

/** @param {Composing} composing
    @param {Answers} answers */
export function offerQueue(composing, answers) {
  const { asking, attachments, chat, composer, store } = composing;
  const queue = lazily(async () => {
    const { Queue } = await import('../chat/queue.js');
    return new Queue({
      answers,
      asking,
      chat,
      store,
      edit: ({ text, images, files }) => {
        composer.text = [text, composer.text].filter(Boolean).join('\n');
        attachments.put({ images, files });
        composer.focus();
      },
    });
  });
  composer.addEventListener('next', async ({ detail }) => {
    const id = chat.conversation.id;
    const loaded = await queue();
    await attachments.ready();
    if (!loaded || chat.conversation.id !== id || !composing.mayAttach()) return;
    if (composer.text.trim() === detail) composer.text = '';
    loaded.add({ text: detail, ...attachments.take() });
  });
  if (recallForTab('queue')) queue();
}
