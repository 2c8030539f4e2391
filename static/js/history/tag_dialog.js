// The dialog in which the tags of a chat are written.

import { button, byId, el } from '../ui/dom.js';
import { tagsIn } from './tags.js';

/** @import { ChatRecord } from '../types.js' */

/** `known`: the tags of other chats. `keep(tags)`: those that were written.
    @param {ChatRecord} chat
    @param {string[]} known
    @param {(tags: string[]) => void} keep */
export function askTags({ tags = [] }, known, keep) {
  const dialog = byId('ask');
  const field = el('input', {
    class: 'field',
    type: 'text',
    label: 'tags.title',
    placeholder: 'tags.how',
    maxlength: '400',
  });
  field.value = tags.join(', ');
  const save = () => {
    dialog.close();
    keep(tagsIn(field.value));
  };
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    save();
  });
  /** @param {string} tag */
  const add = (tag) => () => {
    field.value = tagsIn(`${field.value},${tag}`).join(', ');
    field.focus();
  };
  dialog.replaceChildren(
    el('h2', { id: 'ask-title', t: 'tags.title' }),
    field,
    el(
      'div',
      { class: 'tag-row' },
      ...known.map((tag) => button({ class: 'quiet', text: `#${tag}`, on: { click: add(tag) } })),
    ),
    el(
      'div',
      { class: 'ends' },
      button({ class: 'button main', t: 'tags.save', on: { click: save } }),
      button({ class: 'button', t: 'cancel', on: { click: () => dialog.close() } }),
    ),
  );
  dialog.showModal();
  field.focus();
}
