// Where the reader's token is kept: in this tab, or on this device when asked. Never in a URL.

const NAME = 'tornado-ollama.token';

// What comes along when a token is copied: invisible characters, the name of the scheme, quotes.
const UNSEEN = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
const SCHEME = /^(?:authorization\s*:|bearer\s)\s*/i;
const QUOTES = /^["'`“”‘’«»]+|["'`“”‘’«»]+$/g;
const VISIBLE_ASCII = /^[!-~]*$/;

let held = read('sessionStorage') ?? read('localStorage');

/** @param {'sessionStorage' | 'localStorage'} store */
function read(store) {
  try {
    return window[store].getItem(NAME);
  } catch {
    return null;
  }
}

/** @param {'sessionStorage' | 'localStorage'} store
    @param {string | null} value */
function write(store, value) {
  try {
    if (value === null) window[store].removeItem(NAME);
    else window[store].setItem(NAME, value);
  } catch {
    // Storage is switched off: the token lasts as long as the page.
  }
}

/** The token in what the reader pasted; null where it holds characters that no token has.
    @param {string} pasted */
export function tokenIn(pasted) {
  let bare = pasted.replace(UNSEEN, '').trim();
  for (let before = null; before !== bare; ) {
    before = bare;
    bare = bare.replace(SCHEME, '').replace(QUOTES, '').trim();
  }
  return VISIBLE_ASCII.test(bare) ? bare : null;
}

export const token = () => held;
export const isRemembered = () => read('localStorage') !== null;

/** Keeps a token for this tab; with `onDevice` also after the browser was closed.
    @param {string} value
    @param {{ onDevice: boolean }} where */
export function keepToken(value, { onDevice }) {
  held = value;
  write('sessionStorage', onDevice ? null : value);
  write('localStorage', onDevice ? value : null);
}

export function forgetToken() {
  held = null;
  write('sessionStorage', null);
  write('localStorage', null);
}

/** The subprotocols that carry the token when a socket opens; only the first is echoed. */
export function tokenSubprotocols() {
  if (!held) return [];
  const bytes = new TextEncoder().encode(held);
  const base64 = btoa(String.fromCharCode(...bytes));
  return ['ollama.bearer', base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')];
}
