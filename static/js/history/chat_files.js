// The reader's chats to files and back. Fetched when that is first asked for.

import { asJson, asMarkdown, saveFile } from './export_file.js';
import { t } from '../ui/i18n.js';
import { readChats } from './import_file.js';

/** @import { Params } from '../types.js'
    @import { ChatStore } from './chat_store.js' */

const MAX_FILE_BYTES = 100_000_000;

/** Saves all chats as one file that can be read back.
    @param {ChatStore} store */
export async function exportAll(store) {
  const chats = await store.list();
  const loaded = await Promise.all(chats.map(({ id }) => store.load(id)));
  const stored = loaded.filter((one) => one !== null); // another tab may have deleted one
  saveFile(
    `chats-${new Date().toISOString().slice(0, 10)}.json`,
    'application/json',
    asJson(stored),
  );
}

/** Saves one chat as Markdown, for people, or as JSON, which can be read back. False where another tab
    has deleted it.
    @param {ChatStore} store
    @param {string} id
    @param {'markdown' | 'json'} form */
export async function exportOne(store, id, form) {
  const stored = await store.load(id);
  if (!stored) return false;
  const name = stored.chat.title || t('chats.untitled');
  if (form === 'json') saveFile(`${name}.json`, 'application/json', asJson([stored]));
  else saveFile(`${name}.md`, 'text/markdown', asMarkdown(stored, names()));
  return true;
}

/** What parts of a chat are called in a file. */
const names = () => ({
  user: t('turn.yours'),
  thoughts: t('thinking.was'),
  called: t('tool.called'),
  result: t('tool.result'),
  image: t('image'),
});

/** Has the reader pick a file and stores the chats in it. `told(key, params)`: what came of it.
    @param {ChatStore} store
    @param {(key: string, params?: Params) => void} told */
export function importFile(store, told) {
  const pick = document.createElement('input');
  pick.type = 'file';
  pick.accept = '.json,application/json';
  pick.addEventListener('change', async () => {
    try {
      const [file] = pick.files ?? [];
      const { n, skipped } = await importFrom(store, file);
      told(skipped > 0 ? 'import.skipped' : 'import.done', { n, skipped });
    } catch {
      told('import.failed');
    }
  });
  pick.click();
}

/** @param {ChatStore} store
    @param {File} file */
async function importFrom(store, file) {
  if (file.size > MAX_FILE_BYTES) throw new Error('too large');
  const { chats, skipped } = readChats(await file.text());
  for (const stored of chats) await store.restore(stored);
  return { n: chats.length, skipped };
}
