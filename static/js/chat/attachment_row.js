// The row above the message box with what is attached, each with a button that removes it.

import { button, byId, el, icon } from '../ui/dom.js';
import { dataUrl } from '../ui/data_url.js';
import { isTouch } from '../ui/pointer.js';

/** @import { AttachedFile } from '../types.js' */

/** Draws it. `changed()` runs after one was taken out of the lists.
    @param {{ images: string[], files: AttachedFile[], preparing: number }} attached
    @param {() => void} changed */
export function attachmentRow({ images, files, preparing }, changed) {
  const place = byId('attachments');
  /** @param {unknown[]} list
      @param {number} index */
  const removeAt = (list, index) => () => {
    list.splice(index, 1);
    changed();
    if (!isTouch()) byId('message').focus();
  };
  place.replaceChildren(
    ...images.map((image, index) =>
      item(el('img', { src: dataUrl(image), alt: '' }), removeAt(images, index)),
    ),
    ...files.map(({ name }, index) =>
      item(chip(name, el('span', { text: name })), removeAt(files, index)),
    ),
  );
  if (preparing > 0) {
    const words = el('span', { t: 'attach.preparing', params: { n: preparing } });
    place.append(el('li', { class: 'preparing' }, chip(null, words)));
  }
  place.hidden = place.childElementCount === 0;
}

/** @param {HTMLElement} content
    @param {() => void} remove */
const item = (content, remove) =>
  el(
    'li',
    {},
    content,
    button({
      class: 'quiet icon-button',
      icon: 'close',
      label: 'attach.remove',
      on: { click: remove },
    }),
  );

/** @param {string | null} name
    @param {HTMLElement} words */
const chip = (name, words) => el('span', { class: 'file', title: name }, icon('attach'), words);
