// Which of two answers that are side by side the chat goes on with.

import { lastRow } from '../history/beside.js';

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
  const question = conversation.get(message.parent);
  if (conversation.id !== id || !question) return;
  const { beside, shown } = question;
  const { second } = conversation.chat;
  const { current } = models;
  const isLast = lastRow(conversation).includes(message);
  delete question.beside;
  conversation.show(message);
  if (isLast) {
    delete conversation.chat.second;
    models.use(message.model ?? null);
  }
  chat.changed(conversation);
  asking.focus();
  const back = () => {
    Object.assign(question, { beside, shown });
    conversation.touch(question);
    conversation.chat.second = second;
    models.use(current);
    chat.changed(conversation);
  };
  toast.offer('undo.chosen', back, chat);
}
