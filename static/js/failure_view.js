// Draws a failure: what happened, what to do next, and the buttons that do it.

import { button, el } from './dom.js';
import { say } from './i18n.js';

/** `actions`: what to run for each name in `failure.actions`. */
export function failureView(failure, actions) {
  const view = el('div', { class: 'failure', role: 'alert' },
    el('p', { class: 'what', t: failure.what, params: failure.params }),
    el('p', { t: failure.next, params: failure.params }));
  if (failure.said) view.append(el('p', { class: 'said', text: failure.said }));
  const ends = el('div', { class: 'ends' });
  for (const name of failure.actions.filter((name) => actions[name])) {
    const press = button({ class: 'button', t: `action.${name}`, on: { click: () => actions[name]() } });
    ends.append(press);
    if (name === 'retry' && failure.retryAfter) countDown(press, failure.retryAfter);
  }
  if (ends.childElementCount > 0) view.append(ends);
  return view;
}

/** Keeps `press` off until the seconds the gateway asked for have passed. */
function countDown(press, seconds) {
  const until = performance.now() + seconds * 1000;
  press.disabled = true;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    press.disabled = left > 0;
    if (left > 0) say(press, 'action.retryIn', { seconds: left });
    else say(press, 'action.retry');
    if (left > 0 && press.isConnected) setTimeout(tick, 250);
  };
  setTimeout(tick);
  say(press, 'action.retryIn', { seconds });
}
