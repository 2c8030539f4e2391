// Has a model give a chat its title.

import { t } from '../ui/i18n.js';
import { Aside } from './summary.js';

/** @import { Message } from '../types.js'
    @import { Answers } from './answers.js' */

const READ = 2_000;
const LENGTH = 60;

/** A title after the first question and its answer; null where the model gave none.
    @param {Answers} parts
    @param {Message} question
    @param {Message} answer */
export async function titleFor(parts, { content }, answer) {
  const texts = { question: content.slice(0, READ), answer: answer.content.slice(0, READ) };
  const said = await new Aside(parts).ask(answer.model ?? '', t('title.ask', texts));
  const [line] = (said ?? '').trim().split('\n');
  const title = line.replace(/^[#*"'“«「《\s]+|[*"'”»」》.。\s]+$/g, '');
  return title.length > LENGTH ? `${title.slice(0, LENGTH).trimEnd()}…` : title || null;
}
