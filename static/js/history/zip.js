// Reads files out of a zip archive, within bounds: an archive can claim anything, and unpack to any
// size. What is not needed of it is neither read nor unpacked. (PKWARE's APPNOTE, 4.3.)

/** @typedef {object} ZipEntry
    @property {string} name
    @property {number} method 0: as it is, 8: deflated
    @property {number} packed bytes in the archive
    @property {number} size bytes of the file, as the archive claims
    @property {number} at where in the archive its header begins */

const END = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER = 0x04034b50;
const HEADER_BYTES = 30;
const IN_ZIP64 = 0xffffffff;
const ENCRYPTED = 1;

const MAX_LIST_BYTES = 32_000_000;
const MAX_ENTRIES = 100_000;

/** Whether a file begins as a zip archive does.
    @param {Blob} file */
export async function isZip(file) {
  const bytes = await view(file, 0, 4);
  return bytes.byteLength === 4 && bytes.getUint32(0, true) === HEADER;
}

/** The list of what is in an archive. Throws where it is cut, damaged or too large.
    @param {Blob} file
    @returns {Promise<ZipEntry[]>} */
export async function entriesOf(file) {
  const from = Math.max(0, file.size - END_BYTES - MAX_COMMENT);
  const tail = await view(file, from, file.size);
  let end = tail.byteLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new Error('the archive has no end');
  const count = tail.getUint16(end + 10, true);
  const bytes = tail.getUint32(end + 12, true);
  const at = tail.getUint32(end + 16, true);
  if (at === IN_ZIP64 || bytes > MAX_LIST_BYTES || count > MAX_ENTRIES)
    throw new Error('the archive is too large');
  return listed(await view(file, at, at + bytes), count);
}

/** @param {DataView<ArrayBuffer>} list
    @param {number} count */
function listed(list, count) {
  const entries = [];
  const words = new TextDecoder();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (list.getUint32(at, true) !== ENTRY) throw new Error('the archive is damaged');
    const flags = list.getUint16(at + 8, true);
    const nameBytes = list.getUint16(at + 28, true);
    const name = words.decode(new Uint8Array(list.buffer, at + ENTRY_BYTES, nameBytes));
    const entry = {
      name,
      method: list.getUint16(at + 10, true),
      packed: list.getUint32(at + 20, true),
      size: list.getUint32(at + 24, true),
      at: list.getUint32(at + 42, true),
    };
    if (!(flags & ENCRYPTED)) entries.push(entry);
    at += ENTRY_BYTES + nameBytes + list.getUint16(at + 30, true) + list.getUint16(at + 32, true);
  }
  return entries;
}

/** The bytes of one file. Throws where there are more than `maxBytes`, or others than were claimed.
    @param {Blob} file
    @param {ZipEntry} entry
    @param {number} maxBytes
    @returns {Promise<Blob>} */
export async function unpacked(file, { method, packed, size, at }, maxBytes) {
  if (size > maxBytes) throw new RangeError('too large');
  const header = await view(file, at, at + HEADER_BYTES);
  if (header.byteLength < HEADER_BYTES || header.getUint32(0, true) !== HEADER)
    throw new Error('the archive is damaged');
  const begin = at + HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  const inside = file.slice(begin, begin + packed);
  if (method === 0) return inside;
  if (method !== 8) throw new Error('packed in a way that is not known');
  let bytes = 0;
  const bound = new TransformStream({
    transform(chunk, out) {
      bytes += chunk.byteLength;
      // More than was claimed is a trap, and is not unpacked to its end.
      if (bytes > size) throw new RangeError('too large');
      out.enqueue(chunk);
    },
  });
  const stream = inside
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .pipeThrough(bound);
  const whole = await new Response(stream).blob();
  if (whole.size !== size) throw new Error('the archive is damaged');
  return whole;
}

/** @param {Blob} file
    @param {number} from
    @param {number} to */
const view = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
