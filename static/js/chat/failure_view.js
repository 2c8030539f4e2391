// Draws a failure: what happened, what to do next, and the buttons that do it.

import { button, el } from '../ui/dom.js';
import { bindText } from '../ui/i18n.js';

/** @import { Failure, FailureActions } from '../types.js' */

/** `actions`: what to run for each name in `failure.actions`. `fresh`: it has just happened, so that
    screen readers are told.
    @param {Failure} failure
    @param {FailureActions} actions
    @param {{ fresh?: boolean }} [how] */
export function failureView(failure, actions, { fresh = true } = {}) {
  const view = el(
    'div',
    { class: 'failure', role: fresh ? 'alert' : null },
    el('p', { class: 'what', t: failure.what, params: failure.params }),
    el('p', { t: failure.next, params: failure.params }),
  );
  if (failure.said) view.append(el('p', { class: 'said', text: failure.said }));
  const ends = el('div', { class: 'ends' });
  for (const name of failure.actions) {
    const run = actions[name];
    if (!run) continue;
    const press = button({
      class: 'button',
      t: `action.${name}`,
      on: { click: run },
    });
    ends.append(press);
    const { retryAt } = failure;
    if (name === 'retry' && retryAt && retryAt > Date.now()) countDown(press, retryAt);
  }
  if (ends.childElementCount > 0) view.append(ends);
  return view;
}

/** Keeps `press` off until the time the gateway asked for has come.
    @param {HTMLButtonElement} press
    @param {number} retryAt */
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
