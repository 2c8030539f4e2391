// How the reader points. Where a finger does, a field that gets the focus raises a keyboard over half
// of the page, so none gets it that the reader has not touched.

const TOUCH = matchMedia('(pointer: coarse)');

export const isTouch = () => TOUCH.matches;

/** @param {() => void} listener */
export const onPointerChange = (listener) => TOUCH.addEventListener('change', listener);
