// Tells screen readers that something ended. The stream itself is never announced word by word.

import { byId } from './dom.js';
import { t } from './i18n.js';

export function announce(key, params) {
  byId('announcer').textContent = t(key, params);
}
