// What the page's address asks for: `q` (words for the message box), `model` and `temporary`, after `?` or,
// so that no server is told, after `#`.

/** @import { Composer } from '../chat/composer.js'
    @import { Models } from '../models/models.js'
    @import { Toast } from '../ui/toast.js'
    @import { Library } from './library.js' */

const NAMES = ['q', 'model', 'temporary'];

/** Takes the wishes out of the address, so that a reload does not repeat them. */
export function takeWishes() {
  const { pathname, search, hash } = location;
  const fields = new URLSearchParams(hash.startsWith('#chat=') ? '' : hash.slice(1));
  for (const [name, value] of new URLSearchParams(search)) fields.set(name, value);
  const isAny = NAMES.some((name) => fields.has(name));
  const kept = hash.startsWith('#chat=') ? hash : '';
  if (isAny) history.replaceState(null, '', pathname + kept);
  return Object.fromEntries(NAMES.map((name) => [name, fields.get(name) ?? '']));
}

/** Writes the words into the box of a new chat, where the reader sends them: whoever made a link must not
    be able to have anything asked. A model that is not there is told.
    @param {Record<string, string>} wishes
    @param {{ library: Library, composer: Composer, models: Models, toast: Toast,
        temporary: () => void }} parts */
export function fulfil({ q, model, temporary }, { library, composer, models, toast, ...parts }) {
  if (temporary) parts.temporary();
  else if ((q || model) && !library.chat.conversation.isEmpty) library.fresh();
  if (q) composer.text = q;
  if (model && models.find(model)) models.use(model);
  else if (model && models.known) toast.show('address.noModel', { model });
}
