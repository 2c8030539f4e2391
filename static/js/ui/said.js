// A failure in words, in the place that is kept for it.

import { bindText } from './i18n.js';

/** @import { Failure } from '../types.js' */

/** Says a failure in `place`, or that there is none.
    @param {HTMLElement} place
    @param {Failure | null} failure */
export function tell(place, failure) {
  place.hidden = !failure;
  if (!failure) return;
  bindText(place, failure.what, failure.params);
  if (failure.said) place.append(` ${failure.said}`);
}
