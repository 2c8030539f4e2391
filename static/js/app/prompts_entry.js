// Prompts of the reader's own, found by `/` at the beginning of a message. What that takes is fetched at
// the first one.

import { byId } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

/** @import { Composer } from '../chat/composer.js' */

/** @param {Composer} composer */
export function offerPrompts(composer) {
  const prompts = lazily(
    async () =>
      new (await import('../chat/prompts.js')).Prompts((text) => {
        composer.text = text;
        composer.focus();
      }),
  );
  byId('message').addEventListener('input', async () => {
    if (composer.text.startsWith('/')) (await prompts())?.look();
  });
  return prompts;
}
