// What was written and not sent, for each chat. It outlives a reload and belongs to its tab, so that
// two tabs do not write into each other's box.

const STORED = 'tornado-ollama.drafts';

/** The chat whose drafts last as long as the page, and no longer than it is shown. */
export const TEMPORARY = 'temporary';

export class Drafts {
  #texts = read();

  /** @param {string} chat */
  get(chat) {
    return this.#texts[chat] ?? '';
  }

  /** @param {string} chat
      @param {string} text */
  set(chat, text) {
    if (text) this.#texts[chat] = text;
    else delete this.#texts[chat];
    this.#keep();
  }

  clear() {
    this.#texts = {};
    this.#keep();
  }

  #keep() {
    try {
      sessionStorage.setItem(STORED, JSON.stringify({ ...this.#texts, [TEMPORARY]: undefined }));
    } catch {
      // Then a draft lasts as long as the page.
    }
  }
}

/** @returns {Record<string, string>} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? '{}');
  } catch {
    return {};
  }
}
