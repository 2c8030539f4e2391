// Inline tokens of Markdown as elements. Text goes in as text; raw HTML is shown, not obeyed; an
// image is a link that names its host, so that nothing is fetched because a model said so.

import { el } from './dom.js';
import { mathsNode } from './maths.js';
import { t } from './i18n.js';

export const MAX_DEPTH = 40;

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', ndash: '–', mdash: '—', hellip: '…', copy: '©', times: '×', rarr: '→', larr: '←', deg: '°', euro: '€', middot: '·', bull: '•', le: '≤', ge: '≥', ne: '≠' };

/** Appends the inline `tokens` to `parent`; `fallback` is shown where there are none. */
export function appendInline(parent, tokens, fallback = '', depth = 0) {
  if (!tokens || depth > MAX_DEPTH) {
    parent.append(decoded(fallback));
    return parent;
  }
  for (const token of tokens) parent.append(...nodes(token, depth));
  return parent;
}

function nodes(token, depth) {
  const inside = (tag, attributes) => [appendInline(el(tag, attributes), token.tokens, token.text, depth + 1)];
  switch (token.type) {
    case 'strong': return inside('strong');
    case 'em': return inside('em');
    case 'del': return inside('del');
    case 'link': return link(token, depth);
    case 'image': return [image(token)];
    case 'codespan': return [el('code', { text: token.text })];
    case 'br': return [el('br')];
    case 'inlineMaths': return [mathsNode(token.text, false)];
    case 'blockMaths': return [mathsNode(token.text, true)];
    case 'checkbox': return [el('input', { type: 'checkbox', disabled: true, checked: token.checked })];
    case 'html': return /^<br\s*\/?>$/i.test(token.raw.trim()) ? [el('br')] : [token.raw];
    case 'escape': return [token.text];
    case 'text': return token.tokens ? [appendInline(document.createDocumentFragment(), token.tokens, token.text, depth + 1)] : [decoded(token.text)];
    default: return [token.raw ?? ''];
  }
}

function link(token, depth) {
  const href = safeAddress(token.href);
  const node = href
    ? el('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow', title: href })
    : el('span');
  return [appendInline(node, token.tokens, token.text, depth + 1)];
}

function image(token) {
  const href = safeAddress(token.href);
  const words = decoded(token.text || t('image'));
  if (!href || href.startsWith('mailto:')) return el('span', { text: words });
  const { host } = new URL(href);
  return el('a', { class: 'remote-image', href, target: '_blank', rel: 'noopener noreferrer nofollow', text: `${words} (${host})` });
}

/** The address if it leads to the web or a mailbox, else null. */
export function safeAddress(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Text with the entities that models write in place of characters. */
export function decoded(text) {
  return text.replace(/&(#\d{1,7}|#x[\da-f]{1,6}|\w{2,8});/gi, (whole, name) => {
    if (name[0] !== '#') return ENTITIES[name] ?? whole;
    const code = name[1].toLowerCase() === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : whole;
  });
}
