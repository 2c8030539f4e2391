// Brings the messages of a conversation up to date with what another tab has stored of it.

/** @import { Message } from '../types.js'
    @import { Conversation } from './conversation.js' */

/** The stored messages, each as the object that it is in `before` where it is there, and those of
    these that look otherwise now. Which branch is shown stays as it is in `before`.
    @param {Conversation} before
    @param {Message[]} stored */
export function merged(before, stored) {
  /** @type {Message[]} */
  const changed = [];
  const messages = stored.map((message) => {
    const known = before.get(message.id);
    if (!known) return message;
    // Another tab's answer is shown anew once it is complete.
    if (message.state === 'running' && known.state === 'elsewhere') {
      known.parent = message.parent;
      return known;
    }
    if (look(known) !== look(message)) changed.push(known);
    const { shown } = known;
    for (const key of Object.keys(known)) Reflect.deleteProperty(known, key);
    return Object.assign(known, message, { shown: shown ?? message.shown });
  });
  return { messages, changed };
}

/** What a message looks like on the screen.
    @param {Message} message */
const look = ({ content, state, thinking, toolCalls, toolResults, failure, facts, summary }) =>
  JSON.stringify([content, state, thinking, toolCalls, toolResults, failure, facts, summary]);
