// Goes to a message of the chat on the screen, on whichever branch it is, and marks the words that led
// there.

import { rowsOf, showBranch } from '../history/beside.js';
import { byId } from '../ui/dom.js';

/** @import { Hit } from '../types.js'
    @import { Chat } from './chat.js' */

const MARK = 'hit';

/** @param {Chat} chat
    @param {Hit} hit `words` in lower case */
export function jumpTo(chat, { message: id, words }) {
  const { conversation, transcript } = chat;
  const message = conversation.get(id);
  if (!message) return;
  if (!rowsOf(conversation).flat().includes(message)) {
    showBranch(conversation, message);
    chat.changed(conversation);
  }
  const node = transcript.view(message)?.node;
  if (!node) return;
  node.closest('.beside > section')?.dispatchEvent(new Event('reveal'));
  byId('content').dispatchEvent(new Event('unfold')); // what is written below takes nobody away
  mark(node, words);
  node.tabIndex = -1;
  node.focus({ preventScroll: true });
  const go = () => node.scrollIntoView({ block: 'center', behavior: 'instant' });
  go();
  requestAnimationFrame(go); // what is drawn on the way may be higher than was guessed
}

/** @param {HTMLElement} node
    @param {string} words */
function mark(node, words) {
  if (!CSS.highlights) return;
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const ranges = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const at = text.textContent?.toLowerCase().indexOf(words) ?? -1;
    if (at < 0) continue;
    const range = new Range();
    range.setStart(text, at);
    range.setEnd(text, at + words.length);
    ranges.push(range);
  }
  CSS.highlights.set(MARK, new Highlight(...ranges));
}
