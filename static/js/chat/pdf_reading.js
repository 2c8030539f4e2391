// The text of a PDF, as a frame finds it that reaches nothing (static/frames/pdf.html). A PDF can hold
// anything: what the frame says is read by its type, and a frame that goes on too long is removed.

import { libraryBytes, libraryText, sandbox } from '../ui/sandbox.js';

const MAX_PAGES = 2_000;
const SILENCE_MS = 30_000;
const WHOLE_MS = 120_000;
const MAX_TABLES = 50;
// What a table of the library may be called, which is asked for by a name out of the file.
const TABLE = /^[\w-]{1,40}\.bcmap$/;

// What no text has: control characters, but for tab and line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/g;

/** Why nothing of a file was read: `password`, `broken`, `slow`, `missing` (the library could not be
    fetched), or `dropped` by the reader. */
export class PdfError extends Error {}

/** @typedef {object} PdfText
    @property {string} text with a mark before each page
    @property {number} pages of the whole file
    @property {number} read how many of them, from the first
    @property {boolean} isBlank nothing but marks */

/** Rejects with a PdfError. Where time or room end, what was read until then is the text.
    @param {Uint8Array<ArrayBuffer>} bytes handed over to the frame: gone here
    @param {{ room: number, signal: AbortSignal, progress: (page: number, pages: number) => void }} how
        `room`: bytes that the text may have
    @returns {Promise<PdfText>} */
export async function readPdf(bytes, { room, signal, progress }) {
  const { frame, isLoaded } = sandbox('pdf', { hidden: true });
  document.body.append(frame);
  const { port1: port, port2 } = new MessageChannel();
  const found = new Found(room, progress);
  try {
    const libraries = [libraryText('pdf/pdf.js'), libraryText('pdf/worker.js')];
    const [library, worker] = await unless(signal, Promise.all([...libraries, isLoaded]));
    if (library === null || worker === null) throw new PdfError('missing');
    const isRead = unless(signal, heard(port, found));
    const sent = { library, worker, bytes, bounds: { pages: MAX_PAGES, characters: room } };
    // It has no origin that could be named.
    frame.contentWindow?.postMessage(sent, '*', [port2, bytes.buffer]);
    await isRead;
    if (found.unreadable === found.read) throw new PdfError('broken');
    return found;
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
    @param {Found} found
    @returns {Promise<void>} */
function heard(port, found) {
  let silence = 0;
  let whole = 0;
  const isHeard = new Promise((resolve, reject) => {
    const late = () => (found.read > 0 ? resolve(undefined) : reject(new PdfError('slow')));
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(late, SILENCE_MS);
    };
    const tables = tablesFor(port);
    port.onmessage = ({ data }) => {
      if (data?.kind === 'table') return tables(data.name);
      listen();
      try {
        if (found.take(data)) resolve(undefined);
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

/** What has been told of a file so far. */
class Found {
  text = '';
  pages = 0;
  read = 0;
  isBlank = true;
  unreadable = 0;

  /** @param {number} room
      @param {(page: number, pages: number) => void} progress */
  constructor(room, progress) {
    this.room = room;
    this.progress = progress;
  }

  /** Whether that was the last that is wanted. Throws a PdfError.
      @param {any} told */
  take(told) {
    if (told?.kind === 'failed')
      throw new PdfError(told.why === 'password' ? 'password' : 'broken');
    if (told?.kind === 'pages' && this.pages === 0 && isCount(told.pages)) {
      this.pages = told.pages;
      return false;
    }
    if (told?.kind === 'page' && this.read < this.pages && told.number === this.read + 1)
      return this.#page(told.text);
    if (told?.kind === 'done' && this.read === Math.min(this.pages, MAX_PAGES)) return true;
    throw new PdfError('broken');
  }

  /** @param {unknown} told null where the page could not be read */
  #page(told) {
    const number = this.read + 1;
    const isRead = typeof told === 'string';
    const words = isRead ? clean(told.slice(0, this.room)) : '';
    const mark = `--- page ${number} of ${this.pages}${isRead ? '' : ', cannot be read'} ---`;
    const page = `${mark}\n${words}\n\n`;
    const into = new Uint8Array(Math.min(this.room, page.length * 3));
    const { read, written } = new TextEncoder().encodeInto(page, into);
    const isFull = read < page.length;
    // A page that does not fit is left out, but for a first one.
    if (isFull && number > 1) return true;
    this.text += page.slice(0, read);
    this.room -= written;
    this.read = number;
    this.isBlank &&= words === '';
    this.unreadable += isRead ? 0 : 1;
    this.progress(number, this.pages);
    return isFull;
  }
}

/** @param {unknown} value */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) > 0;

/** @param {string} text */
const clean = (text) => text.replace(CONTROL, '').trim();
