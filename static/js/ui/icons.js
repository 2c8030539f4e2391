// The page's icons: strokes on a grid of 24, drawn for it.

/** @type {Record<string, string>} */
const STROKES = {
  'arrow-up': 'M12 19V5M6 11l6-6 6 6',
  'arrow-down': 'M12 5v14M6 13l6 6 6-6',
  'arrow-right': 'M5 12h14M13 6l6 6-6 6',
  attach:
    'M19 11.5l-7.2 7.2a4.4 4.4 0 0 1-6.3-6.2l7.6-7.6a3 3 0 0 1 4.2 4.2l-7.4 7.4a1.4 1.4 0 0 1-2-2l6.6-6.6',
  beside: 'M4 5h7v14H4zM13 5h7v14h-7z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  chats: 'M4 6h16M4 12h16M4 18h10',
  close: 'M6 6l12 12M18 6L6 18',
  compose:
    'M12 5H6a1 1 0 0 0-1 1v12a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1v-6M10 14l.5-2.5L18 4l2 2-7.5 7.5z',
  copy: 'M9 9h10v11H9zM15 9V5H5v11h4',
  down: 'M7 10l5 5 5-5',
  edit: 'M5 19l1-4L16.5 4.5l3 3L9 18z',
  export: 'M12 4v11M7 10l5 5 5-5M5 20h14',
  help: 'M9 9.2a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.5v.1',
  import: 'M12 15V4M7 9l5-5 5 5M5 20h14',
  info: 'M12 11v6M12 7.4v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  key: 'M14.5 14a4.5 4.5 0 1 0-4.2-3L4 17.3V20h3v-2h2v-2h2l1.1-1.1M15.5 8.6v.1',
  left: 'M14 7l-5 5 5 5',
  menu: 'M5 12h.1M12 12h.1M19 12h.1',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  next: 'M4 7h9M4 12h6M4 17h6M17 20V9M13 13l4-4 4 4',
  pin: 'M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5',
  plus: 'M12 6v12M6 12h12',
  prompts: 'M5 5h14v10H10l-5 4zM9 10h6',
  right: 'M10 7l5 5-5 5',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5',
  search: 'M16 16l4 4M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0z',
  server: 'M4 20V11h4v9zM10 20V4h4v16zM16 20v-6h4v6z',
  microphone:
    'M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4zM6.5 11.5a5.5 5.5 0 0 0 11 0M12 17v3.5',
  settings: 'M4 8h9M19 8h1M4 16h1M11 16h9M16 5.5v5M8 13.5v5',
  speak: 'M4.5 9.5v5H8l4.5 4v-13L8 9.5zM15.5 9.5a3.6 3.6 0 0 1 0 5M17.7 7a7 7 0 0 1 0 10',
  stop: 'M7 7h10v10H7z',
  tag: 'M4 4h8l8 8-8 8-8-8zM8 8h.1',
  temporary: 'M12 8v4l3 2M4.5 9A8 8 0 1 1 4 12.5M4 5v4h4',
  unload: 'M7 12l5-6 5 6zM7 16h10',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
};

const SOLID = new Set(['stop']);
const HEAVY = new Set(['menu']);

/** The drawing of an icon. It has no words of its own: its button is labelled.
    @param {string} name */
export function glyph(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('class', 'glyph');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('fill', SOLID.has(name) ? 'currentColor' : 'none');
  svg.setAttribute('stroke', 'currentColor');
  svg.setAttribute('stroke-width', HEAVY.has(name) ? '2.6' : '1.7');
  svg.setAttribute('stroke-linecap', 'round');
  svg.setAttribute('stroke-linejoin', 'round');
  path.setAttribute('d', STROKES[name]);
  svg.append(path);
  return svg;
}
