// A chat as a page of its own that needs nothing besides: no script, no style sheet, no address.

import { blockTokens, hasMarkdown } from '../markdown/markdown.js';
import { updateBlocks } from '../markdown/markdown_update.js';
import { dataUrl } from '../ui/data_url.js';
import { el } from '../ui/dom.js';
import { language } from '../ui/i18n.js';
import { rowsOf } from './beside.js';
import { Conversation } from './conversation.js';

/** @import { Message, StoredChat } from '../types.js'
    @import { Names } from './export_file.js' */

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'";
const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, "Noto Sans CJK SC", sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
article { margin: 1.5rem 0; }
article h2 { font-size: 0.9rem; opacity: 0.7; margin: 0 0 0.3rem; }
article.user { background: rgb(128 128 128 / 15%); padding: 0.7rem 1rem; border-radius: 0.6rem; }
.plain, pre { white-space: pre-wrap; }
pre { background: rgb(128 128 128 / 12%); padding: 0.7rem; border-radius: 0.4rem; }
details { margin: 0.5rem 0; border-left: 2px solid rgb(128 128 128 / 50%); padding-left: 0.8rem; }
figure { margin: 1rem 0; }
figcaption { font-size: 0.8rem; opacity: 0.7; }
.beside { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.beside article { flex: 1 1 20rem; min-width: 0; }
table { border-collapse: collapse; }
td, th { border: 1px solid rgb(128 128 128 / 50%); padding: 0.2rem 0.6rem; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid rgb(128 128 128 / 50%); }
img { max-width: 100%; }
`;

/** The page, as it is shown: with thoughts, tools, what was attached, and answers side by side.
    @param {StoredChat} stored
    @param {Names} names */
export function asHtml(stored, names) {
  const page = document.implementation.createHTMLDocument(stored.chat.title);
  page.documentElement.lang = language();
  page.head.prepend(
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
  );
  page.body.append(
    el('h1', { text: stored.chat.title, dir: 'auto' }),
    ...rowsOf(new Conversation(stored)).map(([message, ...beside]) =>
      beside.length > 0
        ? el('div', { class: 'beside' }, ...[message, ...beside].map((one) => turn(one, names)))
        : turn(message, names),
    ),
  );
  const text = new XMLSerializer().serializeToString(page.documentElement);
  // As words: the page's own policy allows no style in an element, not even in another document.
  return `<!doctype html>\n${text.replace('</head>', () => `<style>${STYLE}</style></head>`)}\n`;
}

/** @param {Message} message
    @param {Names} names */
function turn({ role, model, content, thinking, images = [], files = [], ...rest }, names) {
  const { toolCalls = [], toolResults } = rest;
  const isQuestion = role === 'user';
  const calls = toolCalls.map(({ function: { name, arguments: given } }, index) =>
    folded(
      `${names.called} ${name}`,
      el('pre', { text: JSON.stringify(given, null, 2) }),
      toolResults?.[index] ? el('pre', { text: toolResults[index] }) : null,
    ),
  );
  return el(
    'article',
    { class: role },
    el('h2', { text: isQuestion ? names.user : model }),
    ...images.map((image) => el('img', { src: dataUrl(image), alt: names.image })),
    ...files.map(({ name, text }) => folded(name, el('pre', { text }))),
    thinking ? folded(names.thoughts, el('div', { class: 'plain', text: thinking })) : null,
    isQuestion ? el('div', { class: 'plain', dir: 'auto', text: content }) : prose(content),
    ...calls,
  );
}

/** @param {string} name
    @param {...(Node | null)} inside */
const folded = (name, ...inside) => el('details', {}, el('summary', { text: name }), ...inside);

/** Markdown without what the page adds to it: buttons, and formulas as its style sheet has them.
    @param {string} content */
function prose(content) {
  const node = el('div', { dir: 'auto' });
  try {
    if (hasMarkdown()) updateBlocks(node, [], blockTokens(content, Object.create(null)));
    else node.append(el('div', { class: 'plain', text: content }));
  } catch {
    node.replaceChildren(el('div', { class: 'plain', text: content }));
  }
  for (const press of node.querySelectorAll('button')) press.remove();
  for (const formula of node.querySelectorAll('.maths')) {
    const drawn = formula.querySelector('math');
    if (drawn) formula.replaceChildren(drawn);
  }
  return node;
}
