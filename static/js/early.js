// Runs before the first paint, so that a chosen theme never flashes (the rest is in theme.js), and
// says so where the rest of the page cannot be loaded.
(() => {
  const root = document.documentElement;
  let theme = 'auto';
  let contrast = 'auto';
  try {
    theme = localStorage.getItem('tornado-ollama.theme') || theme;
    contrast = localStorage.getItem('tornado-ollama.contrast') || contrast;
  } catch {
    // Storage is switched off: the system's choice stands.
  }
  const dark =
    theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
  const high =
    contrast === 'auto' ? matchMedia('(prefers-contrast: more)').matches : contrast === 'high';
  root.dataset.theme = dark ? 'dark' : 'light';
  root.dataset.contrast = high ? 'high' : 'normal';

  const PATIENCE_MS = 20_000;
  const broken = () => {
    if ('ready' in root.dataset) return;
    const place = document.getElementById('broken');
    if (!place) {
      addEventListener('DOMContentLoaded', broken);
      return;
    }
    root.dataset.broken = '';
    place.hidden = false;
  };
  // An error event of a script or module that did not load; it does not bubble.
  addEventListener(
    'error',
    ({ target }) => {
      if (target instanceof HTMLScriptElement) broken();
    },
    true,
  );
  addEventListener('unhandledrejection', broken);
  setTimeout(broken, PATIENCE_MS);
})();
