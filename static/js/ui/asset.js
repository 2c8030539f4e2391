// Where the page's files are: index.html names the place, which is another after every update.

const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));

/** The address of a file below static/.
    @param {string} path */
export const asset = (path) => new URL(path, icon.href).href;

/** The version of the page that is open. */
export const version = /@([0-9a-f]+)\//.exec(icon.href)?.[1] ?? '';

/** The element that brings a style sheet below static/.
    @param {string} path */
export function styleSheet(path) {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = asset(path);
  return link;
}

/** @type {Map<string, Promise<unknown>>} */
const loading = new Map();

/** Brings a style sheet below static/, once, and ends when it is there; without it things are plain, and
    work.
    @param {string} path */
export function loadStyles(path) {
  const known = loading.get(path);
  if (known) return known;
  const sheet = styleSheet(path);
  const loaded = new Promise((resolve) => {
    sheet.onload = sheet.onerror = resolve;
  });
  document.head.append(sheet);
  loading.set(path, loaded);
  return loaded;
}
