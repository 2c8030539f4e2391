// Looks whether the message and the chat fit the model's context, once there is reason to: a long
// message, something attached, a chat that nearly fills it. What that takes is fetched then.

import { fullest, NEARLY_FULL } from '../chat/context_gauge.js';
import { lastRow } from '../history/beside.js';
import { byId } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

/** @import { Composing } from './composing.js'
    @import { Library } from './library.js'
    @import { SettingsEntry } from './settings_entry.js' */

const LONG = 200; // characters

/** @param {{ composing: Composing, library: Library, settingsEntry: SettingsEntry }} parts */
export function offerFitting(parts) {
  const { attachments, chat } = parts.composing;
  const fitting = lazily(async () => new (await import('./fitting.js')).Fitting(parts));
  const look = () => {
    const { used, limit } = fullest(lastRow(chat.conversation));
    const isNearlyFull = limit && (used ?? 0) >= limit * NEARLY_FULL;
    if (isNearlyFull || byId('message').value.length >= LONG || !attachments.isEmpty) fitting();
  };
  byId('message').addEventListener('input', look);
  attachments.addEventListener('change', look);
  chat.addEventListener('change', look);
}
