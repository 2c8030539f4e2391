// Which keys send what is written, and which stop an answer: Enter sends, Shift+Enter makes a line,
// Escape stops. Keyboards on a screen have no Shift+Enter: there Enter makes a line, and the button
// sends. No key does while characters are being composed.

import { byId } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { isTouch, onPointerChange } from '../ui/pointer.js';

/** Gives a box these keys, and says below it which they are.
    @param {HTMLTextAreaElement} box
    @param {{ send: () => void, stop: () => void }} run */
export function sendingKeys(box, { send, stop }) {
  box.addEventListener('keydown', (event) => {
    // keyCode 229: Safari ends a composition before it reports the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    const sends = isTouch() ? event.ctrlKey || event.metaKey : !event.shiftKey;
    if (event.key === 'Enter' && sends) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape') {
      stop();
    }
  });
  const adapt = () => {
    box.enterKeyHint = isTouch() ? 'enter' : 'send';
    bindText(byId('hint'), isTouch() ? 'composer.hint.touch' : 'composer.hint');
  };
  onPointerChange(adapt);
  adapt();
}
