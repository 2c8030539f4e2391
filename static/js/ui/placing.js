// Where a panel opens: below the button it belongs to, above it where there is no room.

const EDGE_PX = 8;

/** Puts an open popover beside `at`, inside the window.
    @param {HTMLElement} panel
    @param {HTMLElement} at */
export function placeBeside(panel, at) {
  const { top, bottom, left, right } = at.getBoundingClientRect();
  const { offsetHeight: height, offsetWidth: width } = panel;
  const below = bottom + height + EDGE_PX < innerHeight;
  const atStart = left + right < innerWidth;
  const wanted = atStart ? left : right - width;
  panel.style.top = `${below ? bottom : Math.max(EDGE_PX, top - height)}px`;
  panel.style.left = `${Math.max(EDGE_PX, Math.min(wanted, innerWidth - EDGE_PX - width))}px`;
}
