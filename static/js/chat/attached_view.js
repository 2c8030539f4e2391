// The images and text files that went along with a question, as they are shown above its words.

import { dataUrl } from '../ui/data_url.js';
import { button, el, icon } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

/** @import { Message } from '../types.js' */

const imageView = lazily(() => import('../ui/image_view.js'));

/** @param {Message} message */
export function attachedView({ images = [], files = [] }) {
  return el(
    'div',
    { class: 'attached', hidden: images.length + files.length === 0 },
    ...images.map((image) => imageButton(dataUrl(image))),
    ...files.map(({ name, text }) =>
      el(
        'details',
        { class: 'tool' },
        el('summary', {}, icon('attach'), el('span', { text: name })),
        el('pre', { text }),
      ),
    ),
  );
}

/** @param {string} src */
function imageButton(src) {
  const open = async () => (await imageView())?.showImage(src);
  return button(
    { class: 'image-button', label: 'image.open', on: { click: open } },
    el('img', { src, alt: '' }),
  );
}
