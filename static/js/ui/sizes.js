// Bytes as people say them.

import { number } from './i18n.js';

/** @param {number} [bytes] */
export function size(bytes) {
  if (!bytes) return '';
  const gigabytes = bytes / 1e9;
  return gigabytes >= 1 ? `${number(gigabytes, 1)} GB` : `${number(bytes / 1e6)} MB`;
}
