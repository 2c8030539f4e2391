// Goes on from a message in a chat of its own.

import { lazily } from '../ui/lazily.js';

/** @import { Message } from '../types.js'
    @import { Library } from './library.js' */

const forks = lazily(() => import('../history/fork.js'));

/** Copies the chat that is shown up to `message`, and opens the copy.
    @param {Library} library
    @param {Message} message */
export async function fork(library, message) {
  const copy = (await forks())?.forkAt(library.chat.conversation, message);
  if (!copy) return;
  await library.store.restore(copy);
  await library.open(copy.chat.id);
  library.toast.show('turn.forked');
}
