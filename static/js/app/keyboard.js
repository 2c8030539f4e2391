// Keeps the page within what a keyboard on the screen leaves free, where the browser (Safari) would
// only slide the page up under its bar.

const LEAST_PX = 80;

export function fitAboveKeyboard() {
  const { visualViewport } = window;
  const root = document.documentElement;
  visualViewport?.addEventListener('resize', () => {
    const covered = innerHeight - visualViewport.height;
    // A page that was enlarged by two fingers is seen in part, too.
    if (visualViewport.scale !== 1 || covered < LEAST_PX) {
      root.style.removeProperty('--seen');
      return;
    }
    root.style.setProperty('--seen', `${visualViewport.height}px`);
    scrollTo(0, 0);
  });
}
