// A PDF as a text file of a message: a chip tells how far it is read, and its button drops it.

import { announce } from '../ui/announcer.js';
import { byId, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';
import { isTouch } from '../ui/pointer.js';
import { chip, item } from './attachment_row.js';
import { PdfError, readPdf } from './pdf_reading.js';

/** @import { Attached } from './attachments.js'
    @import { Params } from '../types.js' */

const MAX_BYTES = 50_000_000;
const MEGA = 1_000_000;

/** Adds its text to what is attached; whatever does not go is told by `refuse`. `show()`: draws what
    is attached.
    @param {File} file
    @param {Attached} to
    @param {{ room: number, refuse: (key: string, params?: Params) => void, show: () => void }} how
        `room`: bytes that the text may have */
export async function attachPdf(file, to, { room, refuse, show }) {
  const { name, size } = file;
  if (size > MAX_BYTES) return refuse('pdf.large', { name, n: MAX_BYTES / MEGA });
  const dropping = new AbortController();
  const drop = () => dropping.abort();
  const words = el('span', { t: 'pdf.opening' });
  to.reading = { drop, row: item(chip(name, words), drop) };
  show();
  announce('pdf.opening');
  try {
    const found = await readPdf(new Uint8Array(await file.arrayBuffer()), {
      room,
      signal: dropping.signal,
      progress: (n, of) => bindText(words, 'pdf.page', { n, pages: of }),
    });
    if (found.isBlank) return refuse('pdf.blank', { name });
    const { text, pages, read } = found;
    to.files.push({ name, text, size: new Blob([text]).size, pages });
    if (read < pages) return refuse('pdf.part', { name, n: read, pages });
    return announce('attach.added');
  } catch (error) {
    return refuse(`pdf.${error instanceof PdfError ? error.message : 'broken'}`, { name });
  } finally {
    to.reading = null;
    if (dropping.signal.aborted && !isTouch()) byId('message').focus();
  }
}
