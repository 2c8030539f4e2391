// Frames that reach nothing: no origin, and a policy of their own that forbids them the network. What
// strangers wrote is run and read in them.

import { asset } from './asset.js';
import { el } from './dom.js';

/** @import { Properties } from '../types.js' */

/** The frame, and `isLoaded`, which settles once it is in the document and listens.
    @param {'preview' | 'pdf'} name
    @param {Properties} properties */
export function sandbox(name, properties) {
  const frame = el('iframe', {
    // Scripts, and nothing else: no origin, no windows, no forms, no downloads, no way up.
    sandbox: 'allow-scripts',
    allow: '',
    referrerpolicy: 'no-referrer',
    src: asset(`frames/${name}.html`),
    ...properties,
  });
  const isLoaded = new Promise((resolve) => {
    frame.addEventListener('load', resolve, { once: true });
  });
  return { frame, isLoaded };
}

/** A frame without an origin can load no file: it is given the words of a library. Null where they
    cannot be fetched.
    @param {string} path */
export async function libraryText(path) {
  const answer = await fetched(path);
  return answer ? await answer.text() : null;
}

/** Another file of a library.
    @param {string} path */
export async function libraryBytes(path) {
  const answer = await fetched(path);
  return answer ? new Uint8Array(await answer.arrayBuffer()) : null;
}

/** @param {string} path */
async function fetched(path) {
  try {
    const answer = await fetch(asset(`vendor/${path}`));
    return answer.ok ? answer : null;
  } catch {
    return null;
  }
}
