// The JSON values in a file: one, one a line, or those of an archive with the images beside them.

import { entriesOf, unpacked } from './zip.js';

/** @import { ZipEntry } from './zip.js' */
/** @typedef {{ values: any[], imageFor: (pointer: string) => string | undefined }} Values */

const MAX_JSON_BYTES = 250_000_000;
const MAX_IMAGE_BYTES = 10_000_000;
const MAX_IMAGES_BYTES = 250_000_000;

// An archive has more than chats: where some files are named so, they are the chats.
const CHATS = /(^|\/)conversations(-\d+)?\.json$/;
const VALUES = /\.(json|jsonl)$/i;
const IMAGE = /\.(png|jpe?g|webp|gif|dat)$/i;
const POINTER = /"asset_pointer"\s*:\s*"[\w-]+:\/\/(file[-_][A-Za-z0-9]+)/g;

/** Throws `large`, or `json` where there is nothing of that kind.
    @param {Blob} file
    @returns {Promise<Values>} */
export async function valuesInText(file) {
  if (file.size > MAX_JSON_BYTES) throw new Error('large');
  return { values: [jsonOf(await file.text())], imageFor: () => undefined };
}

/** Throws `large`, or `zip` where the archive cannot be read.
    @param {Blob} file
    @returns {Promise<Values>} */
export async function valuesInZip(file) {
  try {
    return await valuesOf(file, await entriesOf(file));
  } catch (error) {
    throw new Error(error instanceof Oversize ? 'large' : 'zip');
  }
}

/** More than is read of one archive. */
class Oversize extends Error {}

/** @param {Blob} file
    @param {ZipEntry[]} entries
    @returns {Promise<Values>} */
async function valuesOf(file, entries) {
  const named = entries.filter(({ name }) => CHATS.test(name));
  const chosen = named.length > 0 ? named : entries.filter(({ name }) => VALUES.test(name));
  const values = [];
  /** @type {Set<string>} */
  const pointers = new Set();
  let bytes = 0;
  for (const entry of chosen) {
    bytes += entry.size;
    if (bytes > MAX_JSON_BYTES) throw new Oversize('too much to read');
    const text = await (await unpacked(file, entry, MAX_JSON_BYTES)).text();
    const value = attempt(() => jsonOf(text));
    if (value !== undefined) values.push(value);
    for (const [, pointer] of text.matchAll(POINTER)) pointers.add(pointer);
  }
  const images = await imagesOf(file, entries, pointers);
  return {
    values,
    imageFor: (pointer) => images.get(pointer.split('://')[1]?.split(/[?#]/)[0] ?? ''),
  };
}

/** The images that chats point to, in base64.
    @param {Blob} file
    @param {ZipEntry[]} entries
    @param {Set<string>} pointers */
async function imagesOf(file, entries, pointers) {
  /** @type {Map<string, string>} */
  const images = new Map();
  let bytes = 0;
  for (const entry of entries) {
    const name = entry.name.split('/').at(-1) ?? '';
    const [pointer] = /^file[-_][A-Za-z0-9]+/.exec(name) ?? [];
    if (!pointer || !pointers.has(pointer) || !IMAGE.test(name)) continue;
    bytes += entry.size;
    if (entry.size > MAX_IMAGE_BYTES || bytes > MAX_IMAGES_BYTES) continue;
    const image = await unpacked(file, entry, MAX_IMAGE_BYTES).catch(() => null);
    if (image) images.set(pointer, await base64(image));
  }
  return images;
}

/** The value of a text that is JSON, or the list of those that are one a line.
    @param {string} text */
function jsonOf(text) {
  const whole = attempt(() => JSON.parse(text));
  if (whole !== undefined) return whole;
  const lines = text.split('\n').filter((line) => line.trim());
  const values = lines.map((line) => attempt(() => JSON.parse(line)));
  const read = values.filter((value) => value !== undefined);
  if (lines.length < 2 || read.length < lines.length / 2) throw new Error('json');
  return read;
}

/** @template T
    @param {() => T} run
    @returns {T | undefined} */
function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** @param {Blob} blob
    @returns {Promise<string>} */
function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '');
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
