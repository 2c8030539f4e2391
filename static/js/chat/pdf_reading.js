// What is in a PDF, as a frame finds it that reaches nothing (static/frames/pdf.html). A PDF can hold
// anything: what the frame says is read by its type, and a frame that goes on too long is removed.

import { libraryBytes, libraryText, sandbox } from '../ui/sandbox.js';

const MAX_PAGES = 2_000;
const SILENCE_MS = 30_000;
const WHOLE_MS = 120_000;
const MAX_TABLES = 50;
const MAX_SIDE_PX = 1536;
const MAX_PICTURE_BYTES = 20_000_000;
// What a table of the library may be called, which is asked for by a name out of the file.
const TABLE = /^(?:[\w-]{1,40}\.bcmap|(?:jbig2|openjpeg|qcms_bg)\.wasm)$/;

// What no text has: control characters, but for tab and line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/g;

/** Why nothing of a file was read: `password`, `broken`, `slow`, `missing` (the library could not be
    fetched), or `dropped` by the reader. */
export class PdfError extends Error {}

/** @typedef {object} Wanted what is wanted of a file: it takes what the frame tells
    @property {string[]} libraries
    @property {object} bounds for the frame
    @property {number} read pages that were taken, from the first
    @property {number} pages of the whole file, as far as that is known
    @property {(told: any) => boolean} take whether that was the last that is wanted; throws a PdfError */

/** Rejects with a PdfError. Where time or room end, what was read until then is all.
    @template {Wanted} T
    @param {Uint8Array<ArrayBuffer>} bytes handed over to the frame: gone here
    @param {T} wanted
    @param {AbortSignal} signal
    @returns {Promise<T>} */
export async function readPdf(bytes, wanted, signal) {
  const { frame, isLoaded } = sandbox('pdf', { hidden: true });
  document.body.append(frame);
  const { port1: port, port2 } = new MessageChannel();
  try {
    const texts = Promise.all(wanted.libraries.map((name) => libraryText(`pdf/${name}.js`)));
    const [libraries] = await unless(signal, Promise.all([texts, isLoaded]));
    if (libraries.includes(null)) throw new PdfError('missing');
    const isRead = unless(signal, heard(port, wanted));
    const sent = { libraries, bytes, wanted: wanted.bounds };
    // It has no origin that could be named.
    frame.contentWindow?.postMessage(sent, '*', [port2, bytes.buffer]);
    await isRead;
    return wanted;
  } finally {
    // Without its frame nothing of it runs any more.
    frame.remove();
    port.close();
  }
}

/** What `work` gives, unless the reader drops the file before.
    @template T
    @param {AbortSignal} signal
    @param {Promise<T>} work
    @returns {Promise<T>} */
function unless(signal, work) {
  const dropped = new Promise((_, reject) => {
    const drop = () => reject(new PdfError('dropped'));
    if (signal.aborted) drop();
    else signal.addEventListener('abort', drop, { once: true });
  });
  return Promise.race([work, dropped]);
}

/** Settles when the frame has told all, or enough; rejects with a PdfError.
    @param {MessagePort} port
    @param {Wanted} wanted
    @returns {Promise<void>} */
function heard(port, wanted) {
  let silence = 0;
  let whole = 0;
  const isHeard = new Promise((resolve, reject) => {
    const late = () => (wanted.read > 0 ? resolve(undefined) : reject(new PdfError('slow')));
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(late, SILENCE_MS);
    };
    const tables = tablesFor(port);
    port.onmessage = ({ data }) => {
      if (data?.kind === 'table') return tables(data.name);
      listen();
      try {
        if (wanted.take(data)) resolve(undefined);
      } catch (error) {
        reject(error);
      }
      return undefined;
    };
    whole = setTimeout(late, WHOLE_MS);
    listen();
  });
  return isHeard.finally(() => {
    clearTimeout(silence);
    clearTimeout(whole);
  });
}

/** Gives the frame the tables it asks for: those of the library, and so many.
    @param {MessagePort} port */
function tablesFor(port) {
  let given = 0;
  return async (/** @type {unknown} */ name) => {
    given += 1;
    const isTable = typeof name === 'string' && TABLE.test(name) && given <= MAX_TABLES;
    port.postMessage({ name, table: isTable ? await libraryBytes(`pdf/tables/${name}`) : null });
  };
}

/** The pages of a file as they are told, one after the other. */
class Pages {
  pages = 0;
  read = 0;
  unreadable = 0;

  /** @param {number} most
      @param {(page: number, pages: number) => void} progress */
  constructor(most, progress) {
    this.most = most;
    this.progress = progress;
  }

  /** @param {any} told */
  take(told) {
    const { pages, read, most } = this;
    if (told?.kind === 'failed')
      throw new PdfError(told.why === 'password' ? 'password' : 'broken');
    if (told?.kind === 'pages' && pages === 0 && isCount(told.pages)) {
      this.pages = told.pages;
      return false;
    }
    const isNext = told?.kind === 'page' && told.number === read + 1 && read < pages && read < most;
    if (isNext) return this.#page(told.content);
    if (told?.kind !== 'done' || read !== Math.min(pages, most) || read === this.unreadable)
      throw new PdfError('broken');
    return true;
  }

  /** @param {unknown} content null where the page could not be read */
  #page(content) {
    if (!this.takePage(this.read + 1, content)) return true;
    this.read += 1;
    this.progress(this.read, this.pages);
    return false;
  }

  /** Whether there was room for it. Counts what cannot be read.
      @param {number} _number
      @param {unknown} _content
      @returns {boolean} */
  takePage(_number, _content) {
    throw new Error('of each kind');
  }
}

/** The text, with a mark before each page. */
export class PdfText extends Pages {
  libraries = ['pdf', 'worker'];
  text = '';
  isBlank = true;

  /** `room`: bytes that the text may have.
      @param {number} room
      @param {(page: number, pages: number) => void} progress */
  constructor(room, progress) {
    super(MAX_PAGES, progress);
    this.room = room;
    this.bounds = { pages: MAX_PAGES, characters: room };
  }

  /** A page that does not fit is left out, but of a first one what fits.
      @override
      @param {number} number
      @param {unknown} content */
  takePage(number, content) {
    const isRead = typeof content === 'string';
    const words = isRead ? clean(content.slice(0, this.room)) : '';
    const mark = `--- page ${number} of ${this.pages}${isRead ? '' : ', cannot be read'} ---`;
    const page = `${mark}\n${words}\n\n`;
    const into = new Uint8Array(Math.min(this.room, page.length * 3));
    const { read, written } = new TextEncoder().encodeInto(page, into);
    if (read < page.length && number > 1) return false;
    this.text += page.slice(0, read);
    this.room -= written;
    this.isBlank &&= words === '';
    this.unreadable += isRead ? 0 : 1;
    return true;
  }
}

/** Pictures of the first pages, as PNG. */
export class PdfPictures extends Pages {
  libraries = ['pdf', 'worker', 'renderer'];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  pictures = [];

  /** @param {number} most
      @param {(page: number, pages: number) => void} progress */
  constructor(most, progress) {
    super(most, progress);
    this.bounds = { pages: most, side: MAX_SIDE_PX };
  }

  /** @override
      @param {number} _
      @param {unknown} content */
  takePage(_, content) {
    if (content instanceof Uint8Array && isPicture(content))
      this.pictures.push(new Uint8Array(content));
    else this.unreadable += 1;
    return true;
  }
}

/** Whether it is a PNG of a size that was asked for: others would be large once they are decoded.
    @param {Uint8Array} bytes */
function isPicture({ buffer, byteOffset, byteLength }) {
  if (byteLength < 24 || byteLength > MAX_PICTURE_BYTES) return false;
  const head = new DataView(buffer, byteOffset, 24);
  const isPng = head.getUint32(0) === 0x89504e47 && head.getUint32(12) === 0x49484452;
  return isPng && [16, 20].every((at) => head.getUint32(at) <= MAX_SIDE_PX);
}

/** @param {unknown} value */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) > 0;

/** @param {string} text */
const clean = (text) => text.replace(CONTROL, '').trim();
