// The words in a file, whichever of the usual encodings they are in.

// What no text has: control characters, but for tab, line and form feed, return and escape.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/;

/** @type {[string, number[]][]} */
const MARKS = [
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** The text of a file's bytes. Throws where they are no text.
    @param {Uint8Array} bytes */
export function textOf(bytes) {
  const text = decoded(bytes);
  if (CONTROL.test(text)) throw new Error('not a text');
  return text;
}

/** @param {Uint8Array} bytes */
function decoded(bytes) {
  const marked = MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked) return decode(marked[0], bytes);
  try {
    return decode('utf-8', bytes);
  } catch (noUtf8) {
    if (!isPaired(bytes)) throw noUtf8;
    return decode('gb18030', bytes);
  }
}

/** @param {string} encoding
    @param {Uint8Array} bytes */
function decode(encoding, bytes) {
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

/** Whether the bytes beyond ASCII come in pairs, as in Chinese, rather than alone among letters, as
    accents in Western encodings: those would turn into Chinese that nobody wrote.
    @param {Uint8Array} bytes */
function isPaired(bytes) {
  let runs = 0;
  let single = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] < 0x80) continue;
    const start = at;
    while (bytes[at + 1] >= 0x80) at += 1;
    runs += 1;
    if (at === start) single += 1;
  }
  return single * 2 < runs;
}
