// The empty page: what this is, who answers, and three things to try.

import { button, byId, el, icon } from './dom.js';

const TRIES = ['welcome.try.explain', 'welcome.try.write', 'welcome.try.plan'];

export class Welcome {
  /** `onTry` gets the words of a suggestion. */
  constructor(onTry) {
    this.place = byId('welcome');
    this.who = el('p', { class: 'who' });
    const tries = TRIES.map((key) => {
      const words = el('span', { t: key });
      return el('li', {}, button({ on: { click: () => onTry(words.textContent) } }, words, icon('arrow-right')));
    });
    this.tries = el('ul', { class: 'tries' }, ...tries);
    this.place.append(el('h1', { t: 'welcome.title' }), this.who, this.tries);
  }

  set shown(shown) {
    this.place.hidden = !shown;
  }

  /** `key`: the sentence that says who answers; the model's name stands out in it. */
  tell(key, model, ready) {
    const name = el('b', { text: model ?? '' });
    this.who.replaceChildren(el('span', { t: `${key}.before` }), model ? name : '', el('span', { t: `${key}.after` }));
    this.tries.hidden = !ready;
  }
}
