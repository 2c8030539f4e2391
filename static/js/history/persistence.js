// Asks the browser to keep the chats: without being asked it may erase them when space gets short, and
// Safari does after a week without a visit.

import { recall, remember } from '../ui/prefs.js';

const ASKED = 'persist.asked';
const AGAIN_MS = 30 * 24 * 60 * 60 * 1000;

/** Asks once there is something to lose, and again after a month: some browsers ask the reader. Pages
    without TLS cannot ask. */
export async function askToPersist() {
  const { storage } = navigator;
  if (!storage?.persist || Date.now() - Number(recall(ASKED, '0')) < AGAIN_MS) return;
  remember(ASKED, String(Date.now()));
  try {
    if (!(await storage.persisted())) await storage.persist();
  } catch {
    // Site data is blocked: then nothing is kept anyway.
  }
}
