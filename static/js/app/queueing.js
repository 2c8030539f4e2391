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
  let isTaking = false;
  composer.addEventListener('next', async ({ detail }) => {
    // What is on its way is still in the box, before what has been written since.
    if (isTaking) return;
    isTaking = true;
    const id = chat.conversation.id;
    const loaded = await queue();
    await attachments.ready();
    isTaking = false;
    if (!loaded || chat.conversation.id !== id || !composing.mayAttach()) return;
    const text = composer.text.trimStart();
    if (text.startsWith(detail)) composer.text = text.slice(detail.length).trimStart();
    loaded.add({ text: detail, ...attachments.take() });
  });
  if (recallForTab('queue')) queue();
}
