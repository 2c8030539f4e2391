// About how many tokens a text has. Pure.

/** @import { Message } from '../types.js' */

// Characters of a token, as models read usual prose: of alphabets, and of scripts without spaces.
const LETTERS = 4;
const SIGNS = 1.6;
const SIGN = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/g;
const IMAGE = 600;
const BESIDES = 6; // what a template puts around each message

/** What one may expect of any model.
    @param {string} text */
export function usualTokens(text) {
  const signs = text.match(SIGN)?.length ?? 0;
  return signs / SIGNS + (text.length - signs) / LETTERS;
}

/** How many more tokens than usual a model took for its answers; null where none was counted.
    @param {Message[]} messages
    @param {string} model */
export function measuredFactor(messages, model) {
  let counted = 0;
  let usual = 0;
  for (const { model: by, facts, content, thinking = '', toolCalls } of messages) {
    const tokens = facts?.usage?.completion_tokens;
    if (by !== model || !tokens || toolCalls) continue;
    counted += tokens;
    usual += usualTokens(content + thinking);
  }
  return usual > 0 ? counted / usual : null;
}

/** @param {Pick<Message, 'content' | 'files' | 'images' | 'toolResults'>} message
    @param {number} factor */
export function messageTokens({ content, files = [], images = [], toolResults = [] }, factor) {
  const words = [content, ...files.map(({ text }) => text), ...toolResults];
  const usual = words.reduce((sum, text) => sum + usualTokens(text), 0);
  return Math.ceil(usual * factor) + images.length * IMAGE + BESIDES;
}
