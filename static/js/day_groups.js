// Chats by the day they were last used: pinned, today, yesterday, the last 7 days, then months.

const DAY_MS = 86_400_000;

/** `[{ key, month, chats }]` in the order they are shown: `key` names the words, or `month` is a time
    in the month. `chats` is sorted, the latest first. */
export function dayGroups(chats, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const groups = new Map();
  for (const chat of [
    ...chats.filter((one) => one.pinned),
    ...chats.filter((one) => !one.pinned),
  ]) {
    const group = chat.pinned ? { key: 'chats.pinned' } : day(chat.updatedAt, midnight);
    const name = `${group.key} ${group.month ?? ''}`;
    if (!groups.has(name)) groups.set(name, { ...group, chats: [] });
    groups.get(name).chats.push(chat);
  }
  return [...groups.values()];
}

function day(at, midnight) {
  if (at >= midnight) return { key: 'chats.today' };
  if (at >= midnight - DAY_MS) return { key: 'chats.yesterday' };
  if (at >= midnight - 6 * DAY_MS) return { key: 'chats.week' };
  const date = new Date(at);
  return { month: new Date(date.getFullYear(), date.getMonth()).getTime() };
}
