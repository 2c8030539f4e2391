// Says while a message is written how many tokens it has, and, where the context is too small for it or
// for the chat, what is left out and the ways out: a larger window, older messages summed up, a new chat
// that begins with a summary.

import { showContext } from '../chat/context_gauge.js';
import { measuredFactor, messageTokens, usualTokens } from '../chat/estimate.js';
import { Aside } from '../chat/summary.js';
import { lastRow, rowsOf } from '../history/beside.js';
import { afterSummary } from '../net/chat_request.js';
import { settingsOf } from '../settings/options.js';
import { announce } from '../ui/announcer.js';
import { byId, el } from '../ui/dom.js';
import { number, t } from '../ui/i18n.js';
import { recallJson, remember } from '../ui/prefs.js';
import { Notice } from './notice.js';

/** @import { FailureAction, Message } from '../types.js'
    @import { Composing } from './composing.js'
    @import { Library } from './library.js'
    @import { SettingsEntry } from './settings_entry.js' */

/** @typedef {object} Fit how the chat and what is written fit the context
    @property {string} model
    @property {number} factor how many more tokens than usual the model takes
    @property {Message[]} path
    @property {number} written tokens of what is written
    @property {number} need tokens of all of it
    @property {number | null} limit tokens that the model sees at once, where that is known
    @property {Message[]} forgotten the oldest messages, which are left out */

const PAUSE_MS = 150;
const SHOWN_FROM = 50; // tokens
const KEPT = 2; // questions that a summary leaves as they are
const FACTORS = 'tokens';

export class Fitting {
  #clock = 0;
  #working = false;
  #max = 0;

  /** @param {{ composing: Composing, library: Library, settingsEntry: SettingsEntry }} parts */
  constructor({ composing, library, settingsEntry }) {
    const { answers } = library;
    this.composing = composing;
    this.library = library;
    this.settingsEntry = settingsEntry;
    this.aside = new Aside(answers);
    this.place = el('div', { id: 'fits', class: 'notice', role: 'status', hidden: true });
    byId('composer').before(this.place);
    this.notice = new Notice(this.place, {
      window: () => this.#widen(),
      compact: () => this.#compact(),
      summary: () => this.#begin(),
      stop: () => this.aside.stop(),
    });
    const look = () => this.#soon();
    byId('message').addEventListener('input', look);
    composing.attachments.addEventListener('change', look);
    composing.models.addEventListener('change', look);
    settingsEntry.settings.addEventListener('change', look);
    for (const type of /** @type {const} */ (['busy', 'change']))
      composing.chat.addEventListener(type, look);
    this.#look();
  }

  #soon() {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(() => this.#look(), PAUSE_MS);
  }

  async #look() {
    const fit = this.#fit();
    if (!fit) return;
    const { model, written, need, limit, forgotten, path } = fit;
    const { second } = this.composing.chat.conversation.chat;
    if (written >= SHOWN_FROM) showContext(need, limit, written, second ? 2 : 1);
    mark(forgotten);
    if (this.#working) return;
    const isOver = limit !== null && written >= SHOWN_FROM && need > limit;
    if (!isOver && forgotten.length === 0) {
      this.notice.hide();
      return;
    }
    this.#max = await this.#largest(model);
    const what = isOver ? 'fits.not' : 'fits.forgotten';
    const params = {
      model,
      n: forgotten.length,
      need: number(rounded(need)),
      limit: number(limit ?? 0),
    };
    /** @type {FailureAction[]} */
    const actions = [];
    if (this.#max > (limit ?? 0)) actions.push('window');
    if (boundary(path) > 0) actions.push('compact');
    if (path.length > 0) actions.push('summary');
    const said = `${JSON.stringify(params)} ${actions}`;
    this.notice.show({ what: `${what}.what`, next: `${what}.next`, params, said, actions });
  }

  /** Of the models that answer next, the one whose context is filled most.
      @returns {Fit | null} */
  #fit() {
    const { chat, models } = this.composing;
    const { second } = chat.conversation.chat;
    if (!models.current) return null;
    const first = this.#fitOf(models.current);
    const other = second ? this.#fitOf(second) : first;
    return share(other) > share(first) ? other : first;
  }

  /** @param {string} model
      @returns {Fit} */
  #fitOf(model) {
    const { chat, composer, attachments, models } = this.composing;
    const { conversation } = chat;
    const path = conversation.path();
    const shown = rowsOf(conversation).flat();
    const factor = factorOf(shown, model);
    const { images, files } = attachments.now;
    const isWritten = composer.text.trim() || images.length + files.length > 0;
    const message = { content: composer.text, images, files };
    const written = isWritten ? messageTokens(message, factor) : 0;
    const setting = settingsOf(conversation.chat.settings, this.settingsEntry.settings);
    const limit = limitOf(shown, model, setting('num_ctx'), models.loadedContext(model));
    const { summary, messages } = afterSummary(path);
    const besides = Math.ceil(usualTokens(setting('system') + summary) * factor);
    const costs = messages.map((one) => messageTokens(one, factor));
    const own = lastRow(conversation).find((one) => one.model === model);
    const usage = own?.facts?.usage?.total_tokens;
    const estimated = costs.reduce((sum, cost) => sum + cost, besides);
    const isCut = limit !== null && estimated > limit;
    const used = usage && !summary && !isCut ? usage : estimated;
    return {
      model,
      factor,
      path,
      written,
      need: used + written,
      limit,
      forgotten: isCut ? messages.slice(0, leftOut(costs, limit - besides)) : [],
    };
  }

  /** The largest window that a model was made for; 0 where that is not known.
      @param {string} model */
  async #largest(model) {
    const info = (await this.composing.models.details(model))?.model_info;
    return Number(info?.[`${info['general.architecture']}.context_length`] ?? 0);
  }

  /** Gives the chat a window that everything fits, as far as the model has one. */
  async #widen() {
    const fit = this.#fit();
    const own = await this.settingsEntry.own();
    if (!fit || !own) return;
    const wanted = 2 ** Math.ceil(Math.log2(fit.need * 1.25));
    own.set('num_ctx', String(Math.min(this.#max, wanted)));
    this.#look();
  }

  /** Has all but the last questions and answers summed up: the model is given the summary for them. */
  async #compact() {
    const { chat } = this.composing;
    const { conversation } = chat;
    const path = conversation.path();
    const last = path[boundary(path) - 1];
    const text = await this.#sum(path.slice(0, boundary(path)));
    if (!text || !last) return;
    const now = chat.conversation.id === conversation.id ? chat.conversation : conversation;
    const message = now.get(last.id);
    if (!message) return;
    message.summary = text;
    now.touch(message);
    chat.transcript.forget(message);
    chat.changed(now);
    announce('summary.done');
  }

  /** Begins a chat whose system prompt has a summary of this one; what is written goes along. */
  async #begin() {
    const { chat, composer, attachments } = this.composing;
    const { conversation } = chat;
    const text = await this.#sum(conversation.path());
    if (!text || chat.conversation.id !== conversation.id) return;
    const { settings } = conversation.chat;
    const system = settingsOf(settings, this.settingsEntry.settings)('system');
    const draft = composer.text;
    composer.text = '';
    const attached = attachments.take();
    this.library.fresh();
    const own = await this.settingsEntry.own();
    for (const [name, value] of Object.entries(settings ?? {})) own?.set(name, value);
    own?.set('system', [system, t('summary.before', { text })].filter(Boolean).join('\n\n'));
    composer.text = [composer.text, draft].filter(Boolean).join('\n');
    attachments.put(attached);
    composer.focus();
  }

  /** @param {Message[]} said */
  async #sum(said) {
    const fit = this.#fit();
    if (!fit || this.#working) return null;
    this.#working = true;
    const words = { what: 'summary.working', next: 'summary.working.next', params: {} };
    this.notice.show({ ...words, said: '', actions: ['stop'] });
    const { summary, messages } = afterSummary(said);
    const text = await this.aside.summary(messages, { ...fit, before: summary });
    this.#working = false;
    if (!text) this.composing.toast.show('summary.failed');
    this.#soon();
    return text;
  }
}

/** How much of the context is filled; 0 where its size is not known.
    @param {Fit} fit */
const share = ({ need, limit }) => (limit ? need / limit : 0);

/** @param {Message[]} path
    @param {string} model */
function factorOf(path, model) {
  /** @type {Record<string, unknown>} */
  const known = recallJson(FACTORS, () => ({}));
  const measured = measuredFactor(path, model);
  if (measured && known[model] !== measured)
    remember(FACTORS, JSON.stringify({ ...known, [model]: measured }));
  const factor = Number(measured ?? known[model] ?? 1);
  return factor > 0.2 && factor < 5 ? factor : 1;
}

/** @param {Message[]} path
    @param {string} model
    @param {string} wanted
    @param {number | null} loaded */
function limitOf(path, model, wanted, loaded) {
  if (wanted) return Number(wanted);
  const last = path.findLast((message) => message.model === model && message.facts?.context);
  return loaded ?? last?.facts?.context ?? null;
}

/** How many of the first costs are left out where only `room` is there for all; the last one never is.
    @param {number[]} costs
    @param {number} room */
function leftOut(costs, room) {
  let left = room;
  let first = costs.length;
  while (first > 0 && left >= costs[first - 1]) {
    first -= 1;
    left -= costs[first];
  }
  return Math.min(first, costs.length - 1);
}

/** How many messages a summary would stand for.
    @param {Message[]} path */
function boundary(path) {
  const { messages } = afterSummary(path);
  const questions = messages.flatMap(({ role }, index) => (role === 'user' ? [index] : []));
  const kept = questions.at(-KEPT) ?? 0;
  return kept > 0 ? path.length - messages.length + kept : 0;
}

/** Shows which turns the model does not see any more.
    @param {Message[]} forgotten */
function mark(forgotten) {
  const ids = new Set(forgotten.map(({ id }) => id));
  for (const turn of byId('transcript').querySelectorAll('.turn')) {
    if (turn instanceof HTMLElement)
      turn.toggleAttribute('data-forgotten', ids.has(turn.dataset.id ?? ''));
  }
}

/** To two digits: it is an estimate.
    @param {number} tokens */
function rounded(tokens) {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(tokens)) - 1);
  return Math.round(tokens / step) * step;
}
