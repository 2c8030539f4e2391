// The empty page: what this is, who answers, and three things to try; where nobody can, what helps.

import { button, byId, el, icon } from '../ui/dom.js';

const TRIES = ['welcome.try.explain', 'welcome.try.write', 'welcome.try.plan'];

export class Welcome {
  /** `onTry` gets the words of a suggestion. `actions`: what to run for each that `tell` names.
      @param {(text: string) => void} onTry
      @param {Record<string, () => void>} actions */
  constructor(onTry, actions) {
    this.place = byId('welcome');
    this.who = el('p', { class: 'who' });
    const tries = TRIES.map((key) => {
      const words = el('span', { t: key });
      return el(
        'li',
        {},
        button({ on: { click: () => onTry(words.textContent) } }, words, icon('arrow-right')),
      );
    });
    this.tries = el('ul', { class: 'tries' }, ...tries);
    this.actions = actions;
    this.help = el('div', { class: 'ends', hidden: true });
    this.place.append(el('h1', { t: 'welcome.title' }), this.who, this.help, this.tries);
  }

  /** @param {boolean} shown */
  set shown(shown) {
    this.place.hidden = !shown;
  }

  /** `key`: the sentence that says who answers; the model's name stands out in it. `help`: the action
      that is offered where nobody does.
      @param {string} key
      @param {string | null} model
      @param {string | null} [help] */
  tell(key, model, help = null) {
    const name = el('b', { text: model ?? '' });
    this.who.replaceChildren(
      el('span', { t: `${key}.before` }),
      model ? name : '',
      el('span', { t: `${key}.after` }),
    );
    this.tries.hidden = !model;
    if (this.help.dataset.for === String(help)) return; // it may have the focus
    this.help.dataset.for = String(help);
    this.help.hidden = !help;
    this.help.replaceChildren(
      help
        ? button({ class: 'button', t: `action.${help}`, on: { click: this.actions[help] } })
        : '',
    );
  }
}
