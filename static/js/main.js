// Puts the page together: who is told of what. The work is in the modules it names.

import { Backend } from './backend.js';
import { Chat } from './chat.js';
import { Composer } from './composer.js';
import { byId, drawIcons } from './dom.js';
import { failureOf } from './failure.js';
import { Follow } from './follow.js';
import { preferredLanguage, say, speak } from './i18n.js';
import { buildMenu } from './menu.js';
import { loadMarkdown } from './markdown.js';
import { ModelPicker } from './model_picker.js';
import { Models } from './models.js';
import { Notice } from './notice.js';
import { applyTheme } from './theme.js';
import { TokenDialog } from './token_dialog.js';
import { Undo } from './undo.js';
import { Welcome } from './welcome.js';

async function start() {
  applyTheme();
  await Promise.all([speak(preferredLanguage()), loadMarkdown()]);
  drawIcons(document);

  const models = new Models();
  const backend = new Backend();
  const composer = new Composer();
  const tokenDialog = new TokenDialog();
  const picker = new ModelPicker(models);
  const openToken = () => tokenDialog.open();
  const follow = new Follow(byId('scroller'), byId('content'), byId('jump'), document.querySelector('.bar'));
  const chat = new Chat({ models, follow, undo: new Undo(), openToken, openModels: () => picker.open() });
  const notice = new Notice({ token: openToken, retry: look });
  const welcome = new Welcome((text) => ask(text));

  function ask(text) {
    if (chat.busy) return;
    if (!models.current) {
      look();
      return;
    }
    composer.text = '';
    chat.ask(text);
  }

  async function look() {
    await Promise.all([backend.refresh(), models.refresh()]);
    if (models.failure?.status === 401) tokenDialog.open();
  }

  function show() {
    const { failure, current } = models;
    const embedded = backend.kind === 'embedded';
    welcome.shown = chat.conversation.isEmpty;
    if (failure) welcome.tell('welcome.nobody', null, false);
    else if (!current) welcome.tell(models.known ? 'welcome.noModel' : 'welcome.looking', null, false);
    else welcome.tell(embedded ? 'welcome.embedded' : 'welcome.ollama', current, true);

    const chip = byId('backend-chip');
    chip.hidden = !embedded;
    if (embedded) say(chip, 'backend.embedded');

    if (failure) notice.show(failureOf(failure));
    else if (!backend.connected) notice.show(failureOf({ status: 503, message: '' }));
    else notice.hide();
  }

  composer.addEventListener('submit', ({ detail }) => ask(detail));
  composer.addEventListener('stop', () => chat.stop());
  chat.addEventListener('busy', () => { composer.busy = chat.busy; });
  chat.addEventListener('change', show);
  models.addEventListener('change', show);
  backend.addEventListener('change', () => {
    models.refresh();
    show();
  });
  tokenDialog.addEventListener('change', async () => {
    await Promise.all([backend.refresh(), models.refresh()]);
    chat.tokenChanged();
  });
  byId('new-chat').addEventListener('click', () => {
    chat.begin();
    composer.focus();
  });
  buildMenu([{ icon: 'key', t: 'token.menu', run: openToken }]);

  show();
  document.documentElement.dataset.ready = '';
  composer.busy = false;
  if (matchMedia('(pointer: fine)').matches) composer.focus();
  await look();
}

start();
