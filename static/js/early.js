// Runs before the first paint, so that a chosen theme never flashes. The rest is in theme.js.
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
  const dark = theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
  const high = contrast === 'auto' ? matchMedia('(prefers-contrast: more)').matches : contrast === 'high';
  root.dataset.theme = dark ? 'dark' : 'light';
  root.dataset.contrast = high ? 'high' : 'normal';
})();
