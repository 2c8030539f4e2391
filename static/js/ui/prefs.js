// What the reader chose on this device: theme, contrast, language, models, settings. Never a secret.

const PREFIX = 'tornado-ollama.';

/** The key under which `name` is stored.
    @param {string} name */
export const stored = (name) => PREFIX + name;

/** The stored text, or `fallback` where there is none or storage is switched off.
    @template {string | null} T
    @param {string} name
    @param {T} fallback
    @returns {string | T} */
export function recall(name, fallback) {
  try {
    return localStorage.getItem(stored(name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** The stored list or table; a new `fallback()` where there is none that can be read.
    @template T
    @param {string} name
    @param {() => T} fallback
    @returns {T} */
export function recallJson(name, fallback) {
  const usual = fallback();
  try {
    const value = JSON.parse(recall(name, 'null'));
    const alike =
      typeof value === 'object' && value !== null && Array.isArray(value) === Array.isArray(usual);
    return alike ? value : usual;
  } catch {
    return usual;
  }
}

/** Stores `value`; null or an empty text removes it. Silent where storage is switched off or full.
    @param {string} name
    @param {string | null} value */
export function remember(name, value) {
  try {
    if (value === null || value === '') localStorage.removeItem(stored(name));
    else localStorage.setItem(stored(name), value);
  } catch {
    // The choice then lasts as long as the page.
  }
}
