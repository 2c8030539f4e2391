// The images and text files that went along with a question, as they are shown above its words.

import { dataUrl } from '../ui/data_url.js';
import { el, icon } from '../ui/dom.js';

/** @import { Message } from '../types.js' */

/** @param {Message} message */
export function attachedView({ images = [], files = [] }) {
  return el(
    'div',
    { class: 'attached', hidden: images.length + files.length === 0 },
    ...images.map((image) => el('img', { src: dataUrl(image), label: 'image' })),
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
