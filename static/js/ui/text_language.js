// Which language a text seems to be in: by its letters, or by its most frequent words.

/** @type {[string, RegExp][]} */
const LETTERS = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh-CN', /\p{Script=Han}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
  ['th', /\p{Script=Thai}/gu],
];

/** @type {[string, RegExp][]} */
const WORDS = [
  ['en', /\b(the|and|of|to|is|that|it|with|for|you)\b/gi],
  ['de', /\b(der|die|das|und|ist|nicht|ein|mit|zu|auf)\b/gi],
  ['fr', /\b(le|les|et|est|des|une|que|dans|pour|vous)\b/gi],
  ['es', /\b(el|los|y|es|una|que|por|con|para|del)\b/gi],
  ['it', /\b(il|gli|e|di|che|una|per|con|sono|della)\b/gi],
  ['pt', /\b(o|os|e|não|uma|que|com|para|dos|você)\b/gi],
];

// Of all letters, so many make a text one of that script: quotations and names are in others.
const SHARE = 0.2;

/** The tag of the language (RFC 5646); null where nothing tells.
    @param {string} text */
export function languageOf(text) {
  const letters = count(text, /\p{L}/gu);
  const byLetters = LETTERS.find(([, one]) => count(text, one) > letters * SHARE);
  if (byLetters) return byLetters[0];
  const found = WORDS.map(([lang, words]) => ({ lang, n: count(text, words) }));
  const most = found.reduce((best, one) => (one.n > best.n ? one : best));
  return most.n > 0 ? most.lang : null;
}

/** @param {string} text
    @param {RegExp} pattern */
const count = (text, pattern) => text.match(pattern)?.length ?? 0;
