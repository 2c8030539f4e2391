// The place of one message in the conversation. What it shows is in the document while it is near what
// the reader sees; the place of one far away keeps its height and nothing else.

import { el } from '../ui/dom.js';
import { TurnView } from './turn_view.js';

/** @import { Message, MessageActions } from '../types.js' */

// What a message is guessed to need, in CSS pixels, before it has been measured.
const LINE_PX = 26;
const LINE_LENGTH = 80;
const BESIDES_PX = 90;

export class Slot {
  /** @type {TurnView | null} */
  view = null;
  #place = { index: 0, total: 1 };

  /** @param {Message} message
      @param {MessageActions} actions */
  constructor(message, actions) {
    this.message = message;
    this.actions = actions;
    this.node = el('article', { class: `turn ${message.role}`, data: { id: message.id } });
    const { content, thinking } = message;
    const lines = content.split('\n').length + content.length / LINE_LENGTH;
    this.#reserve((thinking ? 1 : 0) * LINE_PX + Math.ceil(lines) * LINE_PX + BESIDES_PX);
  }

  /** Has it drawn, and returns what draws it. */
  fill() {
    if (this.view) return this.view;
    this.node.style.removeProperty('height');
    this.node.toggleAttribute('data-far', false);
    this.view = new TurnView(this.message, this.actions, this.node);
    this.view.foot.showBranch(this.#place);
    return this.view;
  }

  /** Takes it out of the document but for its height; not while it is written, by either side, or is
      in the reader's hands.
      @param {number} height what it has */
  empty(height) {
    const { view, node } = this;
    if (!view || this.message.state === 'running' || view.editing) return;
    const selection = getSelection();
    const isSelected = selection && !selection.isCollapsed && selection.containsNode(node, true);
    if (isSelected || node.contains(document.activeElement)) return;
    this.#reserve(height);
    this.leave();
    node.replaceChildren();
  }

  /** Which branch of several it is.
      @param {{ index: number, total: number }} place */
  showBranch(place) {
    this.#place = place;
    this.view?.foot.showBranch(place);
  }

  /** It is shown no longer. */
  leave() {
    this.view?.leave();
    this.view = null;
  }

  /** @param {number} height */
  #reserve(height) {
    this.node.style.height = `${height}px`;
    this.node.toggleAttribute('data-far', true);
  }
}
