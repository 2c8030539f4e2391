// What goes along with a message: images for models that see, and text files. Each chat has its own.

import { announce } from '../ui/announcer.js';
import { forgetAttached, keepAttached, recallAttached } from './attached_drafts.js';
import { attachmentRow } from './attachment_row.js';
import { isHeic, isImage, smaller } from './image_file.js';
import { listenForFiles } from './incoming_files.js';
import { lazily } from '../ui/lazily.js';

/** @import { AttachedFile, Params, TextFile } from '../types.js' */

const MAX_IMAGES = 8;
export const MAX_FILES = 20;
export const MAX_TEXT_BYTES = 400_000;
const MAX_TEXTS_BYTES = 1_000_000;
const KILO = 1_000;
const OFFICE = /\.(docx?|xlsx?|pptx?|od[pst])$/i;

const pdf = lazily(() => import('./pdf_attaching.js'));

/** @typedef {object} Attached what is attached in one chat
    @property {string | null} chat null once it is deleted
    @property {string[]} images base64 each
    @property {AttachedFile[]} files
    @property {Promise<void>} read settles when those that came are read
    @property {number} preparing how many are still being read
    @property {{ row: HTMLElement, drop: () => void } | null} reading the one that takes long, as it is
        shown, and what ends it */

/** Fires `change`. */
export class Attachments extends EventTarget {
  /** @type {Map<string, Attached>} */
  #chats = new Map();
  #chat = 'new';

  /** `refuse(key, params)`: says why something was not taken; `offer(key, params, label, act)` says what
      `act()` can do about it. `canSee()`: whether images help.
      @param {{ canSee: () => boolean, refuse: (key: string, params?: Params) => void,
          offer: (key: string, params: Params, label: string, act: () => void) => void }} parts */
  constructor({ canSee, refuse, offer }) {
    super();
    this.canSee = canSee;
    this.refuse = refuse;
    this.offer = offer;
    listenForFiles((files) => this.add(files), { canSee, refuse });
  }

  /** The chat that is written into from now on, `new` for one that has no message yet. `goesAlong`: with
      what is attached, or being read, in the one before.
      @param {string} chat
      @param {{ goesAlong?: boolean }} [how] */
  turnTo(chat, { goesAlong = false } = {}) {
    if (chat === this.#chat) return;
    if (goesAlong) {
      this.#chats.set(chat, Object.assign(this.now, { chat }));
      this.#chats.delete(this.#chat);
      forgetAttached(this.#chat);
    }
    this.#chat = chat;
    this.show();
  }

  /** What is attached in the chat that is written into. */
  get now() {
    return this.#of(this.#chat);
  }

  get isEmpty() {
    return this.now.images.length + this.now.files.length === 0;
  }

  /** Reads files one after the other, in the order they came, and takes what can be taken. They
      belong to the chat that is written into now, whichever is when they are read.
      @param {File[]} files
      @param {{ asPictures?: boolean }} [how] of PDF files */
  add(files, { asPictures = false } = {}) {
    const to = this.now;
    to.preparing += files.length;
    this.show();
    for (const file of files) to.read = to.read.then(() => this.#add(to, file, asPictures));
    return to.read;
  }

  /** When all that came is read. */
  async ready() {
    while (this.now.preparing > 0) await this.now.read;
  }

  /** Hands over what is attached, as `{ images, files }`, and is empty. */
  take() {
    const { images, files } = this.now;
    this.forget(this.#chat);
    return { images, files: files.map(({ name, text }) => ({ name, text })) };
  }

  /** Attaches what was taken once.
      @param {{ images: string[], files: TextFile[] }} taken */
  put({ images, files }) {
    const { now } = this;
    now.images.push(...images);
    now.files.push(...files.map((file) => ({ ...file, size: new Blob([file.text]).size })));
    keepAttached(this.#chat, now);
    this.show();
  }

  /** The chat is deleted, or, without one, all are.
      @param {string} [chat] */
  forget(chat) {
    for (const attached of chat ? [this.#of(chat)] : this.#chats.values()) {
      attached.reading?.drop();
      if (attached.chat) this.#chats.delete(attached.chat);
      attached.chat = null;
    }
    forgetAttached(chat);
    this.show();
  }

  /** Draws what is attached in the chat that is written into. */
  show() {
    attachmentRow(this.now, () => {
      keepAttached(this.#chat, this.now);
      this.show();
    });
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} chat
      @returns {Attached} */
  #of(chat) {
    const known = this.#chats.get(chat);
    if (known) return known;
    const read = Promise.resolve();
    const made = { ...recallAttached(chat), chat, read, preparing: 0, reading: null };
    this.#chats.set(chat, made);
    return made;
  }

  /** Nothing where the chat was deleted since the file came.
      @param {Attached} to
      @param {File} file
      @param {boolean} asPictures */
  async #add(to, file, asPictures) {
    if (to.chat === null) return;
    try {
      if (isImage(file)) await this.#addImage(to, file);
      else if (isPdf(file)) await this.#addPdf(to, file, asPictures);
      else await this.#addText(to, file);
    } catch {
      this.refuse(isHeic(file) ? 'attach.heic' : 'attach.unreadable', { name: file.name });
    }
    to.preparing -= 1;
    if (to.chat !== null) keepAttached(to.chat, to);
    this.show();
  }

  /** @param {Attached} to
      @param {File} file */
  async #addImage({ images }, file) {
    if (!this.canSee()) return this.refuse('attach.blind');
    if (images.length >= MAX_IMAGES) return this.refuse('attach.many', { n: MAX_IMAGES });
    images.push(await smaller(file));
    return announce('attach.added');
  }

  /** @param {Attached} to
      @param {File} file */
  async #addText({ files }, file) {
    const { name, size } = file;
    const bytes = files.reduce((sum, other) => sum + other.size, size);
    if (OFFICE.test(name)) return this.refuse('attach.office', { name });
    if (files.length >= MAX_FILES) return this.refuse('attach.manyFiles', { n: MAX_FILES });
    if (size > MAX_TEXT_BYTES)
      return this.refuse('attach.large', { name, n: MAX_TEXT_BYTES / KILO });
    if (bytes > MAX_TEXTS_BYTES)
      return this.refuse('attach.total', { name, n: MAX_TEXTS_BYTES / KILO });
    const { textOf } = await import('./text_file.js');
    files.push({ name, text: textOf(new Uint8Array(await file.arrayBuffer())), size });
    return announce('attach.added');
  }

  /** @param {Attached} to
      @param {File} file
      @param {boolean} asPictures */
  async #addPdf(to, file, asPictures) {
    const { images, files } = to;
    const bytes = files.reduce((sum, other) => sum + other.size, 0);
    const text = Math.min(MAX_TEXT_BYTES, MAX_TEXTS_BYTES - bytes);
    if (asPictures && images.length >= MAX_IMAGES)
      return this.refuse('attach.many', { n: MAX_IMAGES });
    if (!asPictures && files.length >= MAX_FILES)
      return this.refuse('attach.manyFiles', { n: MAX_FILES });
    if (!asPictures && text < KILO)
      return this.refuse('attach.total', { name: file.name, n: MAX_TEXTS_BYTES / KILO });
    const room = asPictures ? MAX_IMAGES - images.length : text;
    return (await pdf())?.attachPdf(file, { to, attachments: this, room, asPictures });
  }
}

/** @param {File} file */
const isPdf = ({ name, type }) => type === 'application/pdf' || /\.pdf$/i.test(name);
