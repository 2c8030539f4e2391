// Where the page's files are: index.html names the place, which is another after every update.

const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));

/** The address of a file below static/.
    @param {string} path */
export const asset = (path) => new URL(path, icon.href).href;
