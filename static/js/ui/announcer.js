// Tells screen readers what state an answer is in and that it ended. The stream itself is never
// announced word by word.

import { byId } from './dom.js';
import { t } from './i18n.js';

/** @import { Params } from '../types.js' */

const APART_MS = 50;

let clock = 0;
/** @type {string[]} */
let waiting = [];

/** Says the words of `key`, with others that come at the same moment. The place is emptied first: the
    same words twice are said twice.
    @param {string} key
    @param {Params} [params] */
export function announce(key, params) {
  const place = byId('announcer');
  place.textContent = '';
  waiting.push(t(key, params));
  clearTimeout(clock);
  clock = setTimeout(() => {
    place.textContent = waiting.join(' ');
    waiting = [];
  }, APART_MS);
}
