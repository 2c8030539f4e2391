// Boxes that grow with what is written in them, where style sheets cannot say so (field-sizing).

const GROWS = CSS.supports('field-sizing', 'content');

/** Fits a box to its text now. Its greatest height is for the style sheet to say.
    @param {HTMLTextAreaElement} box */
export function fitHeight(box) {
  if (GROWS) return;
  box.style.height = 'auto';
  const edges = box.offsetHeight - box.clientHeight;
  box.style.height = `${box.scrollHeight + edges}px`;
}

/** Has a box grow with what is written in it, and once it is on the page.
    @template {HTMLTextAreaElement} Box
    @param {Box} box */
export function growing(box) {
  if (GROWS) return box;
  box.addEventListener('input', () => fitHeight(box));
  requestAnimationFrame(() => fitHeight(box));
  return box;
}
