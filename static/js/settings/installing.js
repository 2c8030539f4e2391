// The browser's offer to install the page as an app. It is kept for the settings, where the reader
// finds it; by itself it asks for nothing.

/** @typedef {Event & { prompt: () => Promise<unknown> }} Offer */

/** Fires `change`. */
class Installing extends EventTarget {
  /** @type {Offer | null} */
  #offer = null;

  /** Listens for what the browser offers; from then on the browser does not ask by itself. */
  listen() {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#keep(/** @type {Offer} */ (event));
    });
    addEventListener('appinstalled', () => this.#keep(null));
  }

  get offered() {
    return this.#offer !== null;
  }

  /** Has the browser ask the reader. It may be asked once for each offer. */
  async ask() {
    const offer = this.#offer;
    this.#keep(null);
    await offer?.prompt();
  }

  /** @param {Offer | null} offer */
  #keep(offer) {
    this.#offer = offer;
    this.dispatchEvent(new Event('change'));
  }
}

export const installing = new Installing();
