// Answers that are shown side by side: the message that they answer holds their ids in `beside`, and its
// `shown` names the one on which the chat goes on. Pure.

/** @import { Message } from '../types.js'
    @import { Conversation } from './conversation.js' */

/** The answers that are shown side by side with `message`, itself among them; it alone where there are
    no others.
    @param {Conversation} conversation
    @param {Message} message */
export function besideOf(conversation, message) {
  const above = conversation.get(message.parent);
  const answers = (above?.beside ?? []).flatMap((id) => conversation.get(id) ?? []);
  const there = answers.filter(({ parent }) => parent === message.parent);
  return there.length > 1 && there.includes(message) ? there : [message];
}

/** What is shown, from the first to the last: each row is a message, or answers side by side.
    @param {Conversation} conversation */
export function rowsOf(conversation) {
  return conversation.path().map((message) => besideOf(conversation, message));
}

/** The last row; an empty one where nothing was said.
    @param {Conversation} conversation */
export function lastRow(conversation) {
  const { last } = conversation;
  return last ? besideOf(conversation, last) : [];
}

/** Of the answers side by side with `message`, the one on which the chat goes on.
    @param {Conversation} conversation
    @param {Message} message */
export function mainOf(conversation, message) {
  const path = new Set(conversation.path());
  return besideOf(conversation, message).find((one) => path.has(one)) ?? message;
}

/** Shows answers to `question` side by side; the chat goes on with `main`.
    @param {Conversation} conversation
    @param {Message} question
    @param {Message[]} answers
    @param {Message} main */
export function putBeside(conversation, question, answers, main) {
  question.beside = answers.map(({ id }) => id);
  conversation.show(main);
}

/** Has the chat go on with a complete answer, where the one that it would go on with has failed.
    @param {Conversation} conversation
    @param {Message} ended the answer that ended last */
export function preferComplete(conversation, ended) {
  const { last } = conversation;
  if (ended.state !== 'done' && ended.state !== 'failed') return;
  if (last?.state !== 'failed') return;
  const beside = besideOf(conversation, last);
  const complete = beside.find(({ state }) => state === 'done');
  if (complete && beside.includes(ended)) conversation.show(complete);
}
