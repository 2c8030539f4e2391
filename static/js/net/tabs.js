// What the tabs of one browser tell each other: what changed, and which of them holds a name.

/** @typedef {object} Channel what is used of a BroadcastChannel
    @property {(message: unknown) => void} postMessage
    @property {((event: MessageEvent) => void) | null} onmessage */

const ASK_MS = 300;
const AGAIN_MS = 1_000;

/** A channel to the other tabs. Browsers that keep no data of this site give none: then nobody hears.
    @param {string} name
    @returns {Channel} */
export function tabChannel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return { postMessage: () => {}, onmessage: null };
  }
}

/** Names of which each is held by one tab at a time, and no longer than that tab lives. The browser's
    locks see to it. It has none for pages without TLS, but for those of localhost, and none where it
    keeps no data of the site: then the tabs ask each other. */
export class Holds {
  #locks =
    navigator.locks?.query().then(
      () => navigator.locks,
      () => null,
    ) ?? null;
  #channel = tabChannel('tornado-ollama.holds');
  /** @type {Set<string>} */
  #held = new Set();
  /** @type {Map<number, { name: string, answer: (held: boolean) => void }>} */
  #asked = new Map();

  constructor() {
    this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  /** Holds `name`, which no other tab has yet, until `over` is settled.
      @param {string} name
      @param {Promise<unknown>} over */
  async hold(name, over) {
    const locks = await this.#locks;
    if (locks) await locks.request(name, () => over);
    else await this.#keep(name, over);
  }

  /** Runs `work` and holds `name` until it has ended. False, and nothing is run, where it is held.
      @param {string} name
      @param {() => Promise<unknown>} work
      @returns {Promise<boolean>} */
  async holdIfFree(name, work) {
    const locks = await this.#locks;
    if (!locks) {
      if (this.#held.has(name) || (await this.#isHeldElsewhere(name, Math.random()))) return false;
      await this.#keep(name, work());
      return true;
    }
    return locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
  }

  /** Ends when nobody holds `name`.
      @param {string} name */
  async whenFree(name) {
    const locks = await this.#locks;
    if (locks) {
      await locks.request(name, () => {});
      return;
    }
    while (this.#held.has(name) || (await this.#isHeldElsewhere(name, -Math.random()))) {
      await new Promise((later) => {
        setTimeout(later, AGAIN_MS);
      });
    }
  }

  /** @param {string} name
      @param {Promise<unknown>} over */
  async #keep(name, over) {
    this.#held.add(name);
    try {
      await over;
    } finally {
      this.#held.delete(name);
    }
  }

  /** `claim`: a number of its own for each question. Above 0 it asks in order to hold the name; of
      two tabs that do so at once, the one with the higher number gets it.
      @param {string} name
      @param {number} claim
      @returns {Promise<boolean>} */
  async #isHeldElsewhere(name, claim) {
    const held = await new Promise((answer) => {
      this.#asked.set(claim, { name, answer });
      this.#channel.postMessage({ name, claim });
      setTimeout(answer, ASK_MS, false);
    });
    this.#asked.delete(claim);
    return held;
  }

  /** @param {{ name: string, claim: number, held?: number }} said */
  #hear({ name, claim, held }) {
    if (held) this.#asked.get(held)?.answer(true);
    else if (this.#held.has(name) || this.#isClaimed(name, claim))
      this.#channel.postMessage({ held: claim });
  }

  /** @param {string} name
      @param {number} claim */
  #isClaimed(name, claim) {
    return [...this.#asked].some(([own, asked]) => asked.name === name && own > Math.max(claim, 0));
  }
}
