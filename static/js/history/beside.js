// Answers that are shown side by side: the question holds their ids in `beside`. Where the chat goes on
// with both, each has a branch of its own, in which the next question stands too, so that two questions
// with the same words name the same answers. Pure.

/** @import { Message } from '../types.js'
    @import { Conversation } from './conversation.js' */

/** The answers that are shown side by side with `message`, itself among them; it alone where there are
    no others.
    @param {Conversation} conversation
    @param {Message} message */
export function besideOf(conversation, message) {
  const named = conversation.get(message.parent)?.beside ?? [];
  const answers = named.flatMap((id) => conversation.get(id) ?? []);
  const there = answers.filter(({ id, parent }) => conversation.get(parent)?.beside?.includes(id));
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

/** Of the answers side by side with `message`, the one whose branch is shown.
    @param {Conversation} conversation
    @param {Message} message */
export function mainOf(conversation, message) {
  const path = new Set(conversation.path());
  return besideOf(conversation, message).find((one) => path.has(one)) ?? message;
}

/** The questions of answers that are side by side: one, or one in each branch.
    @param {Conversation} conversation
    @param {Message[]} answers */
export function questionsOf(conversation, answers) {
  return [...new Set(answers.flatMap(({ parent }) => conversation.get(parent) ?? []))];
}

/** Shows answers side by side, on the branch of `main`.
    @param {Conversation} conversation
    @param {Message[]} answers
    @param {Message} main */
export function putBeside(conversation, answers, main) {
  for (const question of questionsOf(conversation, answers)) {
    question.beside = answers.map(({ id }) => id);
    conversation.touch(question);
  }
  showBranch(conversation, main);
}

/** Shows the branch on which `message` is.
    @param {Conversation} conversation
    @param {Message} message */
export function showBranch(conversation, message) {
  for (const one of [...conversation.before(message), message]) conversation.show(one);
}

/** The answers below which the next question is put, one for each of `models`: a model goes on with its
    own answer where several are side by side and it has said something, else with `last`.
    @param {Conversation} conversation
    @param {Message | undefined} last
    @param {string[]} models */
export function placesFor(conversation, last, models) {
  if (!last || models.length < 2) return models.map(() => last);
  const said = besideOf(conversation, last).filter(({ content }) => content);
  return models.map(
    (name, index) => [said[index], ...said, last].find((one) => one?.model === name) ?? last,
  );
}

/** The answers side by side with `message`, and those above and below it that are on the same two
    branches.
    @param {Conversation} conversation
    @param {Message} message on the path */
export function runOf(conversation, message) {
  /** @type {Message[]} */
  let run = [];
  for (const answers of rowsOf(conversation)) {
    if (answers.length < 2) continue;
    const goesOn = questionsOf(conversation, answers).length > 1;
    if (!goesOn && run.includes(message)) return run;
    run = goesOn ? [...run, ...answers] : answers;
  }
  return run;
}

/** Shows the branch of a complete answer, where the one that is shown has failed.
    @param {Conversation} conversation
    @param {Message} ended the answer that ended last */
export function preferComplete(conversation, ended) {
  const { last } = conversation;
  if (ended.state !== 'done' && ended.state !== 'failed') return;
  if (last?.state !== 'failed') return;
  const beside = besideOf(conversation, last);
  const complete = beside.find(({ state }) => state === 'done');
  if (complete && beside.includes(ended)) showBranch(conversation, complete);
}
