// Which of two answers that are side by side the chat goes on with.

import { lastRow, mainOf, questionsOf, runOf, showBranch } from '../history/beside.js';

/** @import { Message } from '../types.js'
    @import { Models } from '../models/models.js'
    @import { Toast } from '../ui/toast.js'
    @import { Asking } from './asking.js'
    @import { Chat } from './chat.js' */

/** Goes on with `message`; what is beside it is stopped, and becomes another version of it. Where they
    are the last ones, its model alone answers from then on.
    @param {{ chat: Chat, asking: Asking, models: Models, toast: Toast }} parts
    @param {Message} message */
export async function choose({ chat, asking, models, toast }, message) {
  const { id } = chat.conversation;
  if (!asking.isFree(message)) return;
  await chat.answers.stop(id);
  const { conversation } = chat;
  if (conversation.id !== id || !conversation.get(message.id)) return;
  const main = mainOf(conversation, message);
  const { last } = conversation;
  const run = runOf(conversation, main);
  const isLast = lastRow(conversation).some((answer) => run.includes(answer));
  const marks = questionsOf(conversation, run).map((question) => ({
    question,
    beside: question.beside,
  }));
  const { second } = conversation.chat;
  const { current } = models;
  for (const { question } of marks) {
    delete question.beside;
    conversation.touch(question);
  }
  showBranch(conversation, message);
  if (isLast) {
    delete conversation.chat.second;
    models.use(message.model ?? null);
  }
  chat.changed(conversation);
  asking.focus();
  const back = () => {
    for (const { question, beside } of marks) {
      question.beside = beside;
      conversation.touch(question);
    }
    if (last) showBranch(conversation, last);
    conversation.chat.second = second;
    models.use(current);
    chat.changed(conversation);
  };
  toast.offer('undo.chosen', back, { owner: chat });
}
