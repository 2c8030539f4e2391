// The chat on the screen with all that can be done in it, put together.

import { Asking } from '../chat/asking.js';
import { Chat } from '../chat/chat.js';
import { TreeEdits } from '../chat/tree_edits.js';
import { lazily } from '../ui/lazily.js';

/** @import { ConversationParts, Message, MessageActions } from '../types.js' */

const choosing = lazily(() => import('../chat/choosing.js'));

/** The chat, and what asks in it. `focus()`: to the message box; the others are what failures and
    answers offer: `openToken()`, `pickModel(at, choose)`, `fetchModel(name)`, `mayFetch()`,
    `fork(message)`.
    @param {ConversationParts} parts */
export function newChat({ openToken, pickModel, fetchModel, mayFetch, fork, ...parts }) {
  /** @param {Message} message
      @returns {MessageActions} */
  const actionsFor = (message) => ({
    retry: () => asking.again(message),
    retryWith: (at) => pickModel(at, (model) => asking.again(message, model)),
    alsoWith: (at) => pickModel(at, (model) => asking.also(message, model), 'model.compareWith'),
    stop: () => asking.stop(message),
    choose: async () => (await choosing())?.choose({ ...parts, chat, asking }, message),
    goOn: () => asking.goOn(message),
    edit: (text) => asking.rewrite(message, text),
    keep: (text) => edits.keep(message, text),
    remove: () => edits.remove(message),
    branch: (step) => edits.turn(message, step),
    fork: () => fork(message),
    unsum: () => edits.unsum(message),
    results: (results) => asking.giveResults(message, results),
    token: openToken,
    model: () => pickModel(),
    get pull() {
      return mayFetch() ? () => fetchModel(message.model) : null;
    },
  });
  const chat = new Chat({ ...parts, actionsFor });
  const asking = new Asking({ ...parts, chat });
  const edits = new TreeEdits({ ...parts, chat, asking });
  let { conversation } = chat;
  chat.addEventListener('change', () => {
    // What could be undone was in another one, which may have been changed since.
    if (chat.conversation !== conversation) parts.toast.withdraw(chat);
    ({ conversation } = chat);
  });
  return { chat, asking };
}
