// Draws a failure: what happened, what to do next, and the buttons that do it.

import { button, el } from './dom.js';
import { bindText } from './i18n.js';

/** `actions`: what to run for each name in `failure.actions`. `fresh`: it has just happened, so that
    screen readers are told. */
export function failureView(failure, actions, { fresh = true } = {}) {
  const view = el(
    'div',
    { class: 'failure', role: fresh ? 'alert' : null },
    el('p', { class: 'what', t: failure.what, params: failure.params }),
    el('p', { t: failure.next, params: failure.params }),
  );
  if (failure.said) view.append(el('p', { class: 'said', text: failure.said }));
  const ends = el('div', { class: 'ends' });
  for (const name of failure.actions.filter((offered) => actions[offered])) {
    const press = button({
      class: 'button',
      t: `action.${name}`,
      on: { click: () => actions[name]() },
    });
    ends.append(press);
    if (name === 'retry' && failure.retryAt > Date.now()) countDown(press, failure.retryAt);
  }
  if (ends.childElementCount > 0) view.append(ends);
  return view;
}

/** Keeps `press` off until the time the gateway asked for has come. */
function countDown(press, retryAt) {
  let shown = false;
  const tick = () => {
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    press.disabled = seconds > 0;
    if (seconds > 0) bindText(press, 'action.retryIn', { seconds });
    else bindText(press, 'action.retry');
    if (seconds > 0 && (press.isConnected || !shown)) setTimeout(tick, 250);
    shown ||= press.isConnected;
  };
  tick();
}
