// Looks whether the message and the chat fit the model's context, once there is reason to: a long
// message, something attached, a chat that nearly fills it. What that takes is fetched then.

import { byId } from '../ui/dom.js';
import { lazily } from '../ui/lazily.js';

/** @import { Composing } from './composing.js'
    @import { Library } from './library.js'
    @import { SettingsEntry } from './settings_entry.js' */

const LONG = 200; // characters
const NEARLY_FULL = 0.8;

/** @param {{ composing: Composing, library: Library, settingsEntry: SettingsEntry }} parts */
export function offerFitting(parts) {
  const { attachments, chat } = parts.composing;
  const fitting = lazily(async () => new (await import('./fitting.js')).Fitting(parts));
  const look = () => {
    const { usage, context } = chat.conversation.last?.facts ?? {};
    const isNearlyFull = context && (usage?.total_tokens ?? 0) >= context * NEARLY_FULL;
    if (isNearlyFull || byId('message').value.length >= LONG || !attachments.isEmpty) fitting();
  };
  byId('message').addEventListener('input', look);
  attachments.addEventListener('change', look);
  chat.addEventListener('change', look);
}
