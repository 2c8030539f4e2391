// Tags of chats: what they are, and the row of all of them, by which the list is narrowed.

import { button } from '../ui/dom.js';

/** @import { ChatRecord } from '../types.js' */

const LENGTH = 40;
const MOST = 20;

/** The tags in a text of them, apart by commas.
    @param {string} text */
export function tagsIn(text) {
  const all = text.split(/[,，、#]/).map((tag) => tag.trim().slice(0, LENGTH));
  return [...new Set(all.filter(Boolean))].slice(0, MOST);
}

/** @param {ChatRecord} chat */
export const tagWords = ({ tags = [] }) => tags.map((tag) => `#${tag}`).join(' ');

/** Whether it has a tag that begins with `wanted`, which begins with `#`.
    @param {ChatRecord} chat
    @param {string} wanted in lower case */
export const hasTag = ({ tags = [] }, wanted) =>
  wanted.startsWith('#') && tags.some((tag) => `#${tag}`.toLowerCase().startsWith(wanted));

/** All tags of `chats`, in their order.
    @param {ChatRecord[]} chats */
export const allTags = (chats) =>
  [...new Set(chats.flatMap(({ tags = [] }) => tags))].sort((one, other) =>
    one.localeCompare(other),
  );

/** Fills `place` with a button for each tag; `choose(words)` gets what is to be searched for.
    @param {HTMLElement} place
    @param {ChatRecord[]} chats
    @param {(words: string) => void} choose */
export function drawTags(place, chats, choose) {
  const tags = allTags(chats);
  place.hidden = tags.length === 0;
  if (place.dataset.tags === tags.join()) return;
  place.dataset.tags = tags.join();
  place.replaceChildren(
    ...tags.map((tag) =>
      button({ class: 'quiet', text: `#${tag}`, on: { click: () => choose(`#${tag}`) } }),
    ),
  );
}
