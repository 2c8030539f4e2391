// Reads a text aloud by the browser's voices. Fetched when an answer is first read.

import { plainText } from '../markdown/markdown_plain.js';
import { language, t } from '../ui/i18n.js';
import { languageOf } from '../ui/text_language.js';

/** @import { Token } from '../types.js' */

// Voices that are elsewhere break off after a quarter of a minute: they are given a sentence at a time.
const LONGEST = 300;

// What can be said of a formula without knowing how to read it.
const SPEAKABLE = /^[\p{L}\p{N}\s+=<>.,()-]*$/u;

/** Without marks and addresses; code is named and not spelled. */
const SPOKEN = {
  code: (/** @type {Token} */ { lang, text }) =>
    t('speak.code', { language: lang?.split(' ')[0] ?? '', n: text.split('\n').length }),
  html: () => '',
  maths: (/** @type {Token} */ { text }) => (SPEAKABLE.test(text) ? text : t('speak.formula')),
  link: (/** @type {string} */ words) => words,
  cells: ', ',
  bullet: '',
};

// What is being said: browsers forget the end of an utterance that nothing holds.
/** @type {SpeechSynthesisUtterance | null} */
let said = null;

/** Reads Markdown aloud, in the language that it seems to be in; `over()` runs when it has been read,
    or could not be, and not when it was cancelled.
    @param {string} markdown
    @param {() => unknown} over */
export function readAloud(markdown, over) {
  const text = plainText(markdown, SPOKEN);
  const lang = languageOf(text) ?? language();
  const pieces = text.split('\n').flatMap((line) => sentences(line.trim(), lang));
  const next = () => {
    const piece = pieces.shift();
    if (piece === undefined) {
      over();
      return;
    }
    const utterance = new SpeechSynthesisUtterance(piece);
    utterance.lang = lang;
    utterance.onend = () => said === utterance && next();
    utterance.onerror = ({ error }) => {
      if (said === utterance && error !== 'interrupted' && error !== 'canceled') over();
    };
    said = utterance;
    speechSynthesis.speak(utterance);
  };
  next();
}

/** @param {string} line
    @param {string} lang */
function sentences(line, lang) {
  const parts = [...new Intl.Segmenter(lang, { granularity: 'sentence' }).segment(line)];
  return parts.map(({ segment }) => segment.trim()).flatMap(short);
}

/** A sentence in pieces that are short enough, cut where there is a space or a comma.
    @param {string} sentence
    @returns {string[]} */
function short(sentence) {
  if (sentence.length <= LONGEST) return sentence ? [sentence] : [];
  const head = sentence.slice(0, LONGEST);
  const cut = Math.max(...[' ', ',', '，', '、'].map((mark) => head.lastIndexOf(mark) + 1));
  const at = cut > LONGEST / 2 ? cut : LONGEST;
  return [sentence.slice(0, at).trim(), ...short(sentence.slice(at).trim())];
}
