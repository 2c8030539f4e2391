// The row above the message box with what is attached, each with a button that removes it.

import { button, byId, el, icon } from '../ui/dom.js';
import { dataUrl } from '../ui/data_url.js';
import { isTouch } from '../ui/pointer.js';

/** @import { Attached } from './attachments.js' */

/** Draws it. `changed()` runs after one was taken out of the lists.
    @param {Attached} attached
    @param {() => void} changed */
export function attachmentRow({ images, files, reading, preparing }, changed) {
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
    ...files.map(({ name, pages }, index) => {
      const words = pages && el('span', { t: 'pdf.pages', params: { n: pages } });
      return item(chip(name, words || null), removeAt(files, index));
    }),
  );
  if (reading) place.append(reading.row);
  const unseen = preparing - (reading ? 1 : 0);
  if (unseen > 0) {
    const words = el('span', { t: 'attach.preparing', params: { n: unseen } });
    place.append(el('li', { class: 'preparing' }, chip('', words)));
  }
  place.hidden = place.childElementCount === 0;
}

/** @param {HTMLElement} content
    @param {() => void} remove */
export const item = (content, remove) =>
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

/** `words`: what there is to say of it besides its name.
    @param {string} name
    @param {HTMLElement | null} words */
export function chip(name, words) {
  const title = name && el('span', { class: 'name', text: name });
  return el('span', { class: 'file', title: name || null }, icon('attach'), title || null, words);
}
