// Puts the page together: who is told of what. The work is in the modules it names.

import { Answers } from './chat/answers.js';
import { Attachments } from './chat/attachments.js';
import { Backend } from './app/backend.js';
import { canSee } from './models/capabilities.js';
import { Chat } from './chat/chat.js';
import { ChatStore } from './history/chat_store.js';
import { Composer } from './chat/composer.js';
import { showContext } from './chat/context_gauge.js';
import { byId, drawIcons } from './ui/dom.js';
import { failureOf } from './net/failure.js';
import { Follow } from './chat/follow.js';
import { preferredLanguage, bindText, setLanguage } from './ui/i18n.js';
import { lazily } from './ui/lazily.js';
import { Library } from './app/library.js';
import { Transport } from './net/transport.js';
import { Managing } from './models/managing.js';
import { buildMenu } from './app/menu.js';
import { loadMarkdown } from './markdown/markdown.js';
import { ModelPicker } from './models/model_picker.js';
import { Models } from './models/models.js';
import { Notice } from './app/notice.js';
import { Settings } from './settings/settings.js';
import { listenForKeys, openHelp } from './app/shortcuts.js';
import { Sidebar } from './app/sidebar.js';
import { applyTheme } from './ui/theme.js';
import { TokenDialog } from './app/token_dialog.js';
import { token } from './net/token_store.js';
import { Toast } from './ui/toast.js';
import { Welcome } from './app/welcome.js';

async function start() {
  applyTheme();
  const store = new ChatStore();
  await Promise.all([setLanguage(preferredLanguage()), loadMarkdown(), store.open()]);
  drawIcons(document);

  const models = new Models();
  const backend = new Backend();
  const composer = new Composer();
  const tokenDialog = new TokenDialog();
  const picker = new ModelPicker(models);
  const toast = new Toast();
  const openToken = () => tokenDialog.open();
  const follow = new Follow(byId('scroller'), byId('content'), byId('jump'), byId('bar'));
  const settings = new Settings();
  const drawer = lazily(
    async () =>
      new (await import('./settings/settings_drawer.js')).SettingsDrawer(settings, models),
  );
  const transport = new Transport();
  const managing = new Managing(models, transport);
  const answers = new Answers({ transport, models, store });
  /** @param {HTMLElement} [at]
      @param {(name: string) => void} [choose] */
  const pickModel = (at, choose) => picker.open(at, choose);
  const focus = () => matchMedia('(pointer: fine)').matches && composer.focus();
  /** @param {string} [name] */
  const fetchModel = (name) => managing.open(name);
  const mayFetch = () => managing.offered;
  const chat = new Chat({
    answers,
    models,
    settings,
    follow,
    toast,
    store,
    focus,
    openToken,
    pickModel,
    fetchModel,
    mayFetch,
  });
  const sidebar = new Sidebar();
  const library = new Library({ store, chat, answers, toast, sidebar });
  const notice = new Notice({ token: openToken, retry: look });
  const attachments = new Attachments({
    canSee: () => canSee(models.find(models.current)),
    refuse: (key, params) => {
      composer.hold();
      toast.show(key, params);
    },
  });
  const welcome = new Welcome((text) => ask(text), {
    pull: () => fetchModel('llama3.2'),
    token: openToken,
  });

  /** Asks in the chat that is shown; not when that became another while it was waited.
      @param {string} text
      @param {Attachments | null} [withAttachments] */
  async function ask(text, withAttachments = null) {
    const { conversation } = chat;
    if (!models.current) await look();
    await withAttachments?.ready();
    if (chat.conversation !== conversation || chat.busy || !models.current) return;
    if (
      withAttachments &&
      withAttachments.images.length > 0 &&
      !canSee(models.find(models.current))
    ) {
      toast.show('attach.blindNow', { model: models.current });
      return;
    }
    if (withAttachments && composer.text.trim() === text) composer.text = '';
    chat.ask(text, withAttachments?.take());
    library.nameAddress();
  }

  /** @type {Promise<unknown> | null} */
  let looking = null;

  /** Who answers, and with which models? Asked once, however many want to know. */
  function refresh() {
    looking ??= Promise.all([backend.refresh(), models.refresh()]).finally(() => {
      looking = null;
    });
    return looking;
  }

  function look() {
    return refresh().then(() => {
      showManaging();
      // A 403 to whoever has sent no token: under this host name nobody comes in without one.
      const refused = token() === null ? [401, 403] : [401];
      if (refused.includes(models.failure?.status ?? 0)) tokenDialog.open();
    });
  }

  /** The way to the models is there for those who may change them. */
  async function showManaging() {
    const manageable = backend.kind !== 'embedded' && !models.failure;
    await managing.look(manageable);
    byId('models-entry').hidden = !managing.offered;
    show();
  }

  /** Where there is no model: because there is none, or none for this token? The list of a token
      that may use some models only is empty in both cases. */
  function tellNoModel() {
    if (managing.offered) welcome.tell('welcome.noModel', null, 'pull');
    else if (token() && models.all.length === 0) welcome.tell('welcome.noneForYou', null, 'token');
    else welcome.tell('welcome.noModel', null);
  }

  function show() {
    const { failure, current } = models;
    const embedded = backend.kind === 'embedded';
    const throughOllama = store.isOpen ? 'welcome.ollama' : 'welcome.notKept';
    welcome.shown = chat.conversation.isEmpty;
    if (failure) welcome.tell('welcome.nobody', null);
    else if (current) welcome.tell(embedded ? 'welcome.embedded' : throughOllama, current);
    else if (models.known) tellNoModel();
    else welcome.tell('welcome.looking', null);

    const chip = byId('backend-chip');
    chip.hidden = !embedded;
    if (embedded) bindText(chip, 'backend.embedded');

    if (failure) notice.show(failureOf(failure));
    else if (!backend.connected) notice.show(failureOf({ status: 503, message: '' }));
    else notice.hide();

    const { usage, context } = chat.conversation.last?.facts ?? {};
    showContext(usage?.total_tokens, context);
  }

  function removeAll() {
    composer.forgetDraft();
    library.removeAll();
  }

  async function askRemoveAll() {
    const { askFirst } = await import('./ui/ask_dialog.js');
    askFirst({
      title: 'chats.removeAll',
      text: 'chats.removeAll.ask',
      agree: 'chats.remove',
      yes: removeAll,
    });
  }

  /** A dot tells that models are asked otherwise than by default. */
  function showSettings() {
    byId('settings-button').toggleAttribute('data-changed', settings.changed);
  }

  composer.addEventListener('submit', ({ detail }) => ask(detail, attachments));
  composer.addEventListener('stop', () => chat.stop());
  chat.addEventListener('busy', () => {
    composer.busy = chat.busy;
    show();
  });
  attachments.addEventListener('change', () => {
    composer.hasMore = !attachments.isEmpty;
    composer.preparing = attachments.preparing > 0;
  });
  settings.addEventListener('change', showSettings);
  chat.addEventListener('change', () => {
    const { isEmpty, id } = chat.conversation;
    composer.chat = isEmpty ? 'new' : id;
    show();
  });
  models.addEventListener('change', show);
  backend.addEventListener('change', () => {
    if (!looking) models.refresh();
    show();
  });
  tokenDialog.addEventListener('change', async () => {
    transport.reset();
    await looking;
    await refresh();
    showManaging();
    chat.tokenChanged();
  });
  tokenDialog.addEventListener('forgotten', () => {
    if (!library.list.isEmpty) askRemoveAll();
  });
  const fresh = () => {
    library.fresh();
    composer.focus();
  };
  byId('new-chat').addEventListener('click', fresh);
  listenForKeys({
    write: () => composer.focus(),
    model: () => picker.open(),
    chats: () => byId('side-toggle').click(),
    stop: () => (chat.busy ? () => chat.stop() : null),
    scroll: (pages) => follow.scroll(pages),
    fresh,
  });
  byId('skip').addEventListener('click', (event) => {
    event.preventDefault(); // the address is the chat's
    composer.focus();
  });
  byId('settings-button').addEventListener('click', async () => (await drawer())?.open());
  buildMenu([
    { icon: 'models', t: 'manage.title', run: () => managing.open(), id: 'models-entry' },
    { icon: 'key', t: 'token.menu', run: openToken },
    { icon: 'export', t: 'export.all', run: () => library.exportAll() },
    { icon: 'import', t: 'import.menu', run: () => library.importFile() },
    { icon: 'trash', t: 'chats.removeAll', run: askRemoveAll },
    { icon: 'help', t: 'keys.title', run: openHelp },
  ]);
  byId('models-entry').hidden = true;

  await Promise.all([library.list.refresh(), library.openFromAddress()]);
  sidebar.start(library.list.isEmpty);

  show();
  showSettings();
  store.addEventListener('change', ({ detail }) => {
    if (detail.gone) composer.forgetDraft(detail.id);
  });
  document.documentElement.dataset.ready = '';
  composer.busy = false;
  focus();
  await Promise.all([
    look().then(() => models.use(chat.conversation.model)),
    library.resumeOthers(),
  ]);
}

start();
