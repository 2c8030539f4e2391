// The reader's chats to files and back. Fetched when that is first asked for.

import { asJson, asMarkdown, saveFile } from './export_file.js';
import { asHtml } from './export_html.js';
import { t } from '../ui/i18n.js';
import { PROGRAMS, readChats } from './import_file.js';

/** @import { Params } from '../types.js'
    @import { ChatStore } from './chat_store.js' */

const AT_ONCE = 50;
// Why nothing was read of a file; see readChats.
const WHY = ['json', 'zip', 'large', 'none'];

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

/** Saves one chat as Markdown or HTML, for people, or as JSON, which can be read back. False where
    another tab has deleted it.
    @param {ChatStore} store
    @param {string} id
    @param {'markdown' | 'html' | 'json'} form */
export async function exportOne(store, id, form) {
  const stored = await store.load(id);
  if (!stored) return false;
  const name = stored.chat.title || t('chats.untitled');
  if (form === 'json') saveFile(`${name}.json`, 'application/json', asJson([stored]));
  else if (form === 'html') saveFile(`${name}.html`, 'text/html', asHtml(stored, names()));
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
  pick.accept = '.json,.jsonl,.zip,application/json,application/zip';
  pick.addEventListener('change', async () => {
    const [file] = pick.files ?? [];
    try {
      const { chats, skipped } = await readChats(file);
      for (let at = 0; at < chats.length; at += AT_ONCE)
        await store.restore(...chats.slice(at, at + AT_ONCE));
      const n = chats.length;
      told(skipped > 0 ? 'import.skipped' : 'import.done', { n, skipped });
    } catch (error) {
      const why = error instanceof Error && WHY.includes(error.message) ? error.message : 'broken';
      told(`import.failed.${why}`, { name: file.name, programs: PROGRAMS });
    }
  });
  pick.click();
}
