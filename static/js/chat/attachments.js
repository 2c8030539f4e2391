// What goes along with a message: images for models that see, and text files.

import { announce } from '../ui/announcer.js';
import { button, byId, el, icon } from '../ui/dom.js';
import { dataUrl, isHeic, isImage, smaller } from './image_file.js';
import { listenForFiles } from './incoming_files.js';

/** @import { Params, TextFile } from '../types.js' */

const MAX_IMAGES = 8;
const MAX_FILES = 20;
const MAX_TEXT_BYTES = 400_000;
const MAX_TEXTS_BYTES = 1_000_000;
const KILO = 1_000;

/** Fires `change`. `preparing`: how many are still being read. */
export class Attachments extends EventTarget {
  /** @type {string[]} base64 each */
  images = [];
  /** @type {(TextFile & { size: number })[]} */
  files = [];
  preparing = 0;
  #read = Promise.resolve();

  /** `refuse(key, params)`: says why something was not taken. `canSee()`: whether images help.
      @param {{ canSee: () => boolean, refuse: (key: string, params?: Params) => void }} parts */
  constructor({ canSee, refuse }) {
    super();
    this.canSee = canSee;
    this.refuse = refuse;
    this.place = byId('attachments');
    listenForFiles((files) => this.add(files), canSee);
  }

  get isEmpty() {
    return this.images.length + this.files.length === 0;
  }

  /** Reads files one after the other, in the order they came, and takes what can be taken.
      @param {File[]} files */
  add(files) {
    this.preparing += files.length;
    this.#draw();
    this.#read = files.reduce((before, file) => before.then(() => this.#add(file)), this.#read);
    return this.#read;
  }

  /** When all that came is read. */
  async ready() {
    while (this.preparing > 0) await this.#read;
  }

  /** Hands over what is attached, as `{ images, files }`, and is empty. */
  take() {
    const { images, files } = this;
    this.images = [];
    this.files = [];
    this.#draw();
    return { images, files: files.map(({ name, text }) => ({ name, text })) };
  }

  /** @param {File} file */
  async #add(file) {
    try {
      if (isImage(file)) await this.#addImage(file);
      else await this.#addText(file);
    } catch {
      this.refuse(isHeic(file) ? 'attach.heic' : 'attach.unreadable', { name: file.name });
    }
    this.preparing -= 1;
    this.#draw();
  }

  /** @param {File} file */
  async #addImage(file) {
    if (!this.canSee()) return this.refuse('attach.blind');
    if (this.images.length >= MAX_IMAGES) return this.refuse('attach.many', { n: MAX_IMAGES });
    const image = await smaller(file);
    this.images.push(image);
    return announce('attach.added');
  }

  /** @param {File} file */
  async #addText(file) {
    const bytes = this.files.reduce((sum, { size }) => sum + size, file.size);
    if (this.files.length >= MAX_FILES) return this.refuse('attach.manyFiles', { n: MAX_FILES });
    if (file.size > MAX_TEXT_BYTES)
      return this.refuse('attach.large', { name: file.name, n: MAX_TEXT_BYTES / KILO });
    if (bytes > MAX_TEXTS_BYTES)
      return this.refuse('attach.total', { name: file.name, n: MAX_TEXTS_BYTES / KILO });
    const { textOf } = await import('./text_file.js');
    const text = textOf(new Uint8Array(await file.arrayBuffer()));
    this.files.push({ name: file.name, text, size: file.size });
    return announce('attach.added');
  }

  #draw() {
    /** @param {unknown[]} list
        @param {number} index */
    const removeAt = (list, index) => () => {
      list.splice(index, 1);
      this.#draw();
      byId('message').focus();
    };
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
    this.place.replaceChildren(
      ...this.images.map((image, index) =>
        item(el('img', { src: dataUrl(image), alt: '' }), removeAt(this.images, index)),
      ),
      ...this.files.map(({ name }, index) =>
        item(chip(name, el('span', { text: name })), removeAt(this.files, index)),
      ),
      ...(this.preparing > 0
        ? [
            el(
              'li',
              { class: 'preparing' },
              chip(null, el('span', { t: 'attach.preparing', params: { n: this.preparing } })),
            ),
          ]
        : []),
    );
    this.place.hidden = this.isEmpty && this.preparing === 0;
    this.dispatchEvent(new Event('change'));
  }
}
