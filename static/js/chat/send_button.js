// The button that sends what is written, and stops the answer that is being written.

import { byId } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { glyph } from '../ui/icons.js';

export class SendButton {
  #node = byId('send');

  /** What it does now.
      @param {'send' | 'stop'} what */
  show(what) {
    this.#node.replaceChildren(glyph(what === 'stop' ? 'stop' : 'arrow-up'));
    bindText(this.#node, `composer.${what}`, undefined, 'tLabel');
  }

  /** Whether it can be used now; it keeps the focus when it cannot.
      @param {boolean} isEnabled */
  enable(isEnabled) {
    this.#node.setAttribute('aria-disabled', String(!isEnabled));
  }
}
