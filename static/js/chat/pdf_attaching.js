// A PDF as a text file of a message, or as pictures of its pages: a chip tells how far it is read, and
// its button drops it.

import { announce } from '../ui/announcer.js';
import { byId, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { isTouch } from '../ui/pointer.js';
import { chip, item } from './attachment_row.js';
import { smaller } from './image_file.js';
import { PdfError, PdfPictures, PdfText, readPdf } from './pdf_reading.js';

/** @import { Attached, Attachments } from './attachments.js' */

const MAX_BYTES = 50_000_000;
const MEGA = 1_000_000;

/** @typedef {(page: number, pages: number) => void} Progress
    @typedef {{ bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal, show: Progress }} Reading */

/** @typedef {object} Adding
    @property {Attached} to
    @property {Attachments} attachments which tell what does not go, and draw what is attached
    @property {number} room bytes that the text may have; with `asPictures` how many there may be
    @property {boolean} asPictures */

/** @param {File} file
    @param {Adding} adding */
export async function attachPdf(file, adding) {
  const { to, attachments, asPictures } = adding;
  const { name, size } = file;
  if (size > MAX_BYTES) return attachments.refuse('pdf.large', { name, n: MAX_BYTES / MEGA });
  const { signal, show, end } = chipOf(name, to);
  attachments.show();
  announce('pdf.opening');
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const add = asPictures ? addPictures : addText;
    const { read, pages } = await add(file, adding, { bytes, signal, show });
    if (read > 0 && read < pages) return attachments.refuse('pdf.part', { name, n: read, pages });
    return read > 0 && announce('attach.added');
  } catch (error) {
    if (to.chat === null) return undefined; // nobody waits for it any more
    const why = error instanceof PdfError ? error.message : 'broken';
    return attachments.refuse(`pdf.${why}`, { name });
  } finally {
    end();
  }
}

/** @param {string} name
    @param {Attached} to */
function chipOf(name, to) {
  const dropping = new AbortController();
  const { signal } = dropping;
  const drop = () => dropping.abort();
  const words = el('span', { t: 'pdf.opening' });
  to.reading = { drop, row: item(chip(name, words), drop) };
  /** @type {Progress} */
  const show = (n, pages) => bindText(words, 'pdf.page', { n, pages });
  const end = () => {
    to.reading = null;
    if (signal.aborted && !isTouch()) byId('message').focus();
  };
  return { signal, show, end };
}

/** @param {File} file
    @param {Adding} adding
    @param {Reading} reading */
async function addText(file, { to, attachments, room }, { bytes, signal, show }) {
  const { name } = file;
  const { text, isBlank, pages, read } = await readPdf(bytes, new PdfText(room, show), signal);
  if (!isBlank) {
    to.files.push({ name, text, size: new Blob([text]).size, pages });
    return { read, pages };
  }
  const again = () => attachments.add([file], { asPictures: true });
  if (attachments.canSee()) attachments.offer('pdf.pictured', { name }, 'pdf.asPictures', again);
  else attachments.refuse('pdf.blank', { name });
  return { read: 0, pages };
}

/** @param {File} file
    @param {Adding} adding
    @param {Reading} reading */
async function addPictures({ name }, { to, room }, { bytes, signal, show }) {
  const { pictures, pages, read } = await readPdf(bytes, new PdfPictures(room, show), signal);
  for (const picture of pictures) to.images.push(await smaller(new File([picture], name)));
  return { read, pages };
}
