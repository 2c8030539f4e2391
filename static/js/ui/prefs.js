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

/** As `recall`, of what belongs to this tab and is gone with it; null where there is none.
    @param {string} name */
export function recallForTab(name) {
  try {
    return sessionStorage.getItem(stored(name));
  } catch {
    return null;
  }
}

/** As `remember`, for this tab. False where there was no room for it.
    @param {string} name
    @param {string | null} value */
export function rememberForTab(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(stored(name));
    else sessionStorage.setItem(stored(name), value);
    return true;
  } catch {
    return false;
  }
}
