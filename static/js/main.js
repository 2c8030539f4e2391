// Puts the page together: who is told of what. The work is in the modules it names.

import { fulfil, takeWishes } from './app/address.js';
import { Backend } from './app/backend.js';
import { Composing } from './app/composing.js';
import { offerComparing } from './app/comparing.js';
import { newChat } from './app/conversing.js';
import { offerFitting } from './app/fits.js';
import { fork } from './app/forking.js';
import { fitAboveKeyboard } from './app/keyboard.js';
import { Library } from './app/library.js';
import { buildMenu } from './app/menu.js';
import { listenForKeys, openHelp } from './app/shortcuts.js';
import { offerQueue } from './app/queueing.js';
import { offerPrompts } from './app/prompts_entry.js';
import { SettingsEntry } from './app/settings_entry.js';
import { Sidebar } from './app/sidebar.js';
import { Status } from './app/status.js';
import { tellUnsaved } from './app/unsaved.js';
import { temporaryChats } from './app/temporary.js';
import { offerTitles } from './app/titles.js';
import { TokenDialog } from './app/token_dialog.js';
import { offerVoice, readingStop } from './app/voice.js';
import { Welcome } from './app/welcome.js';
import { Answers } from './chat/answers.js';
import { Composer } from './chat/composer.js';
import { Follow } from './chat/follow.js';
import { ChatStore } from './history/chat_store.js';
import { loadMarkdown } from './markdown/markdown.js';
import { Managing } from './models/managing.js';
import { ModelPicker } from './models/model_picker.js';
import { Models } from './models/models.js';
import { Transport } from './net/transport.js';
import { installing } from './settings/installing.js';
import { Settings } from './settings/settings.js';
import { loadStyles } from './ui/asset.js';
import { byId, drawIcons } from './ui/dom.js';
import { preferredLanguage, setLanguage } from './ui/i18n.js';
import { lazily } from './ui/lazily.js';
import { isTouch } from './ui/pointer.js';
import { applyTheme } from './ui/theme.js';
import { Toast } from './ui/toast.js';
import { registerWorker } from './ui/worker.js';

const askDialog = lazily(() => import('./ui/ask_dialog.js'));

async function start() {
  installing.listen();
  const wishes = takeWishes();
  applyTheme();
  fitAboveKeyboard();
  const store = new ChatStore();
  await Promise.all([setLanguage(preferredLanguage()), loadMarkdown(), store.open()]);
  drawIcons(document);

  const models = new Models();
  const composer = new Composer();
  const tokenDialog = new TokenDialog();
  const picker = new ModelPicker(models);
  const toast = new Toast();
  const openToken = () => tokenDialog.open();
  const follow = new Follow(byId('scroller'), byId('content'), byId('jump'), byId('bar'));
  const settings = new Settings();
  const transport = new Transport();
  const managing = new Managing(models, transport);
  const backend = new Backend();
  const operatorView = lazily(async () => {
    const { OperatorView } = await import('./operator/operator_view.js');
    await loadStyles('css/operator.css');
    return new OperatorView(transport, () => backend.scopes.includes('manage'));
  });
  const answers = new Answers({ transport, models, store });
  const focus = () => !isTouch() && composer.focus();
  const { chat, asking } = newChat({
    answers,
    models,
    settings,
    follow,
    toast,
    store,
    focus,
    openToken,
    pickModel: (at, choose, words) => picker.open(at, choose, words),
    fetchModel: (name) => managing.open(name),
    mayFetch: () => managing.offered,
    fork: (message) => fork(library, message),
  });
  const sidebar = new Sidebar();
  const library = new Library({ store, chat, answers, toast, sidebar });
  const welcome = new Welcome((text) => composing.ask(text), {
    pull: () => managing.open('llama3.2'),
    token: openToken,
  });
  const status = new Status({ backend, chat, managing, models, store, tokenDialog, welcome });
  const composing = new Composing({
    asking,
    chat,
    composer,
    models,
    store,
    toast,
    look: () => status.look(),
    asked: () => library.nameAddress(),
  });
  const settingsEntry = new SettingsEntry({ settings, models, chat, store });
  offerQueue(composing, answers);
  const beginTemporary = temporaryChats(library);
  const prompts = offerPrompts(composer);
  offerTitles(library, settings);
  offerComparing(chat, picker);
  offerFitting({ composing, library, settingsEntry });
  document.addEventListener('partmissing', () => toast.show('part.missing'));
  offerVoice({ chat, composer, settings, toast });
  tellUnsaved({ chat, store, save: (id) => library.save(id, 'json') });

  function removeAll() {
    composing.forget();
    library.removeAll();
  }

  async function askRemoveAll() {
    (await askDialog())?.askFirst({
      title: 'chats.removeAll',
      text: 'chats.removeAll.ask',
      agree: 'chats.remove',
      yes: removeAll,
    });
  }

  function startTemporary() {
    beginTemporary();
    composer.focus();
  }

  function fresh() {
    library.fresh();
    composer.focus();
  }

  tokenDialog.addEventListener('change', async () => {
    transport.reset();
    await status.lookAgain();
    asking.tokenChanged();
  });
  tokenDialog.addEventListener('forgotten', () => {
    if (!library.list.isEmpty) askRemoveAll();
  });
  byId('new-chat').addEventListener('click', fresh);
  listenForKeys({
    write: () => composer.focus(),
    model: () => picker.open(),
    chats: () => byId('side-toggle').click(),
    stop: () => readingStop() ?? (chat.busy ? () => asking.stop() : null),
    scroll: (pages) => follow.scroll(pages),
    fresh,
  });
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault(); // the address is the chat's
    composer.focus();
  });
  buildMenu([
    { icon: 'temporary', t: 'temporary.menu', run: () => startTemporary() },
    { icon: 'models', t: 'manage.title', run: () => managing.open(), id: 'models-entry' },
    {
      icon: 'server',
      t: 'operator.title',
      run: async () => (await operatorView())?.open(),
      id: 'operator-entry',
    },
    { icon: 'prompts', t: 'prompts.title', run: async () => (await prompts())?.manage() },
    { icon: 'key', t: 'token.menu', run: openToken },
    { icon: 'export', t: 'export.all', run: () => library.exportAll() },
    { icon: 'import', t: 'import.menu', run: () => library.importFile() },
    { icon: 'trash', t: 'chats.removeAll', run: askRemoveAll },
    { icon: 'help', t: 'keys.title', run: openHelp },
  ]);
  byId('models-entry').hidden = byId('operator-entry').hidden = true;

  await Promise.all([library.list.refresh(), library.openFromAddress()]);
  sidebar.start(library.list.isEmpty);

  status.show();
  settingsEntry.show();
  document.documentElement.dataset.ready = '';
  composer.busy = false;
  focus();
  registerWorker();
  await Promise.all([
    status.look().then(() => {
      models.use(chat.conversation.model);
      const temporary = beginTemporary;
      fulfil(wishes, { library, composer, models, toast, temporary });
    }),
    library.resumeOthers(),
  ]);
}

start();
