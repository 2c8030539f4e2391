// The settings of a chat that has no message yet. They outlive a reload and belong to the tab, as what
// is written in its message box does.

import { recallForTab, rememberForTab } from '../ui/prefs.js';

const KEY = 'settings.new';

/** @param {Record<string, string> | undefined} own */
export const keepForNew = (own) => rememberForTab(KEY, own ? JSON.stringify(own) : null);

/** @returns {Record<string, string> | undefined} */
export function recallForNew() {
  try {
    return JSON.parse(recallForTab(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
