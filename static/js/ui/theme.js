// Light, dark or the system's choice, and high contrast. early.js sets both before the first paint.

import { recall, remember } from './prefs.js';

export const THEMES = ['auto', 'light', 'dark'];

const dark = matchMedia('(prefers-color-scheme: dark)');
const contrast = matchMedia('(prefers-contrast: more)');

export const theme = () => recall('theme', 'auto');
export const highContrast = () => {
  const chosen = recall('contrast', 'auto');
  return chosen === 'auto' ? contrast.matches : chosen === 'high';
};

/** @param {string} name */
export function chooseTheme(name) {
  remember('theme', name === 'auto' ? null : name);
  applyTheme();
}

/** @param {boolean} high */
export function chooseContrast(high) {
  remember('contrast', high === contrast.matches ? null : high ? 'high' : 'normal');
  applyTheme();
}

export function applyTheme() {
  const name = theme();
  const root = document.documentElement;
  root.dataset.theme = name === 'auto' ? (dark.matches ? 'dark' : 'light') : name;
  root.dataset.contrast = highContrast() ? 'high' : 'normal';
  colourFrame(name);
}

/** The frame that the system draws around the page has its colour from one of two elements.
    @param {string} name */
function colourFrame(name) {
  /** @type {NodeListOf<HTMLMetaElement>} */
  const colours = document.querySelectorAll('meta[name="theme-color"]');
  for (const colour of colours) {
    const { theme: own } = colour.dataset;
    if (name === 'auto') colour.media = `(prefers-color-scheme: ${own})`;
    else colour.media = own === name ? 'all' : 'not all';
  }
}

dark.addEventListener('change', applyTheme);
contrast.addEventListener('change', applyTheme);
