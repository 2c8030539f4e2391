// Chats by the day they were last used: pinned, today, yesterday, the last 7 days, then months.

/** @import { ChatRecord } from '../types.js' */
/** @typedef {{ key?: string, month?: number, chats: ChatRecord[] }} DayGroup */

const DAY_MS = 86_400_000;

/** `[{ key, month, chats }]` in the order they are shown: `key` names the words, or `month` is a time
    in the month. `chats` is sorted, the latest first.
    @param {ChatRecord[]} chats
    @param {Date} [now]
    @returns {DayGroup[]} */
export function dayGroups(chats, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  /** @type {Map<string, DayGroup>} */
  const groups = new Map();
  for (const chat of [
    ...chats.filter((one) => one.pinned),
    ...chats.filter((one) => !one.pinned),
  ]) {
    const group = chat.pinned ? { key: 'chats.pinned' } : day(chat.updatedAt, midnight);
    const name = `${group.key} ${group.month ?? ''}`;
    const known = groups.get(name);
    if (known) known.chats.push(chat);
    else groups.set(name, { ...group, chats: [chat] });
  }
  return [...groups.values()];
}

/** @param {number} at
    @param {number} midnight
    @returns {{ key?: string, month?: number }} */
function day(at, midnight) {
  if (at >= midnight) return { key: 'chats.today' };
  if (at >= midnight - DAY_MS) return { key: 'chats.yesterday' };
  if (at >= midnight - 6 * DAY_MS) return { key: 'chats.week' };
  const date = new Date(at);
  return { month: new Date(date.getFullYear(), date.getMonth()).getTime() };
}
