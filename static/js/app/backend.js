// Who answers behind the gateway: a real Ollama, the embedded model, or nobody.

import { requestJson } from '../net/http.js';
import { version } from '../ui/asset.js';

const AGAIN_MS = 5_000;
const WATCH_MS = 30_000;

/** Fires `change` when what it knows changed: `kind` ("ollama", "embedded" or ""),
    `version` (Ollama's), `connected`, `isNewer` (the server has another version of the page),
    `scopes` (what this reader's token, or its absence, may do). */
export class Backend extends EventTarget {
  kind = '';
  version = '';
  connected = true;
  isNewer = false;
  /** @type {string[]} */
  scopes = [];
  #clock = 0;

  async refresh() {
    clearTimeout(this.#clock);
    const before = this.#state();
    try {
      const health = await requestJson('/health', { allow: [503] });
      this.kind = health.backend ?? '';
      this.scopes = health.scopes ?? [];
      this.version = health.ollama_version ?? '';
      this.isNewer = Boolean(version && health.page) && health.page !== version;
      this.connected = health.ollama === 'connected';
    } catch {
      this.connected = false;
    }
    this.#clock = setTimeout(() => this.#look(), this.connected ? WATCH_MS : AGAIN_MS);
    if (this.#state() !== before) this.dispatchEvent(new Event('change'));
  }

  #state() {
    return `${this.kind} ${this.version} ${this.connected} ${this.isNewer} ${this.scopes}`;
  }

  #look() {
    if (document.visibilityState === 'visible') this.refresh();
    else document.addEventListener('visibilitychange', () => this.refresh(), { once: true });
  }
}
