// What goes along with a message: images, made smaller here, for models that see, and text files.
// Picked, pasted or dropped.

import { announce } from './announcer.js';
import { button, byId, el, icon } from './dom.js';

const MAX_SIDE_PX = 1536;
const MAX_TEXT_BYTES = 400_000;
const MAX_IMAGES = 8;
const JPEG_QUALITY = 0.88;

/** Fires `change`. */
export class Attachments extends EventTarget {
  images = [];
  files = [];

  /** `refuse(key, params)`: says why something was not taken. `canSee()`: whether images help. */
  constructor({ canSee, refuse }) {
    super();
    this.canSee = canSee;
    this.refuse = refuse;
    this.place = byId('attachments');
    byId('attach').addEventListener('click', () => this.#pick());
    byId('message').addEventListener('paste', (event) => {
      const files = [...event.clipboardData.files];
      if (files.length === 0) return;
      event.preventDefault();
      this.add(files);
    });
    const drop = document.body;
    drop.addEventListener('dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      drop.dataset.dropping = '';
    });
    drop.addEventListener('dragleave', ({ relatedTarget }) => { if (!relatedTarget) delete drop.dataset.dropping; });
    drop.addEventListener('drop', (event) => {
      delete drop.dataset.dropping;
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  get isEmpty() {
    return this.images.length + this.files.length === 0;
  }

  async add(files) {
    for (const file of files) {
      try {
        if (file.type.startsWith('image/')) await this.#addImage(file);
        else await this.#addText(file);
      } catch {
        this.refuse('attach.unreadable', { name: file.name });
      }
    }
    this.#draw();
  }

  /** Hands over what is attached, as `{ images, files }`, and is empty. */
  take() {
    const { images, files } = this;
    this.images = [];
    this.files = [];
    this.#draw();
    return { images, files };
  }

  async #addImage(file) {
    if (!this.canSee()) return this.refuse('attach.blind');
    if (this.images.length >= MAX_IMAGES) return this.refuse('attach.many', { n: MAX_IMAGES });
    this.images.push(await smaller(file));
    return announce('attach.added');
  }

  async #addText(file) {
    if (file.size > MAX_TEXT_BYTES) return this.refuse('attach.large', { name: file.name });
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    if (text.includes('\0')) throw new Error('not a text');
    this.files.push({ name: file.name, text });
    return announce('attach.added');
  }

  #pick() {
    const field = el('input', { type: 'file', multiple: true });
    if (!this.canSee()) field.accept = 'text/*,.md,.csv,.json,.yaml,.yml,.toml,.py,.js,.ts,.go,.rs,.c,.h,.cpp,.java,.sh,.log';
    field.addEventListener('change', () => this.add([...field.files]));
    field.click();
  }

  #draw() {
    const removeAt = (list, index) => () => {
      list.splice(index, 1);
      this.#draw();
      byId('message').focus();
    };
    const item = (content, remove) => el('li', {}, content, button({ class: 'quiet icon-button', icon: 'close', label: 'attach.remove', on: { click: remove } }));
    this.place.replaceChildren(
      ...this.images.map((image, index) => item(el('img', { src: dataUrl(image), alt: '' }), removeAt(this.images, index))),
      ...this.files.map(({ name }, index) => item(el('span', { class: 'file' }, icon('attach'), el('span', { text: name })), removeAt(this.files, index))),
    );
    this.place.hidden = this.isEmpty;
    this.dispatchEvent(new Event('change'));
  }
}

/** The address of an image as Ollama takes it: base64, its kind told by its first bytes. */
export function dataUrl(base64) {
  const kind = base64.startsWith('iVBOR') ? 'png' : base64.startsWith('R0lGOD') ? 'gif' : base64.startsWith('UklGR') ? 'webp' : 'jpeg';
  return `data:image/${kind};base64,${base64}`;
}

/** The image as base64, no side longer than MAX_SIDE_PX; PNG where it may be transparent. */
async function smaller(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const type = file.type === 'image/png' ? 'image/png' : 'image/jpeg';
  return canvas.toDataURL(type, JPEG_QUALITY).split(',')[1];
}
