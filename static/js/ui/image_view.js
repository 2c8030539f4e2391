// An image as large as the window holds, over the page; Escape, a click or the button closes it.

import { button, el } from './dom.js';

/** @param {string} src */
export function showImage(src) {
  const close = button({
    class: 'button icon-button',
    icon: 'close',
    label: 'close',
    on: { click: () => view.close() },
  });
  const view = el(
    'dialog',
    { class: 'image-view', label: 'image' },
    el('img', { src, alt: '' }),
    close,
  );
  view.addEventListener('click', () => view.close());
  view.addEventListener('close', () => view.remove());
  document.body.append(view);
  view.showModal();
}
