// Colours code by highlight.js, a language at a time and only when one appears. Its token tree is
// walked into elements; its HTML is not used.

import { asset } from '../ui/asset.js';
import { keepSelection } from '../ui/selection.js';

/** @import { Highlighter } from './highlight.js' */

/** @type {Record<string, string>} */
const ALIASES = {
  'c#': 'csharp',
  'c++': 'cpp',
  console: 'shell',
  cs: 'csharp',
  docker: 'dockerfile',
  'f#': 'fsharp',
  golang: 'go',
  h: 'c',
  hpp: 'cpp',
  hs: 'haskell',
  html: 'xml',
  js: 'javascript',
  jsonc: 'json',
  jsx: 'javascript',
  kt: 'kotlin',
  make: 'makefile',
  md: 'markdown',
  mjs: 'javascript',
  objc: 'objectivec',
  patch: 'diff',
  pl: 'perl',
  ps1: 'powershell',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  sh: 'bash',
  svg: 'xml',
  tex: 'latex',
  toml: 'ini',
  ts: 'typescript',
  tsx: 'typescript',
  vb: 'vbnet',
  vue: 'xml',
  yml: 'yaml',
  zsh: 'bash',
};

const KNOWN = new Set(
  `bash c clojure cmake cpp csharp css dart diff dockerfile elixir elm erlang
  fortran fsharp go gradle graphql groovy haskell http ini java javascript json julia kotlin latex
  less lisp lua makefile markdown matlab nginx nim nix objectivec ocaml perl php powershell prolog
  properties protobuf python r ruby rust scala scheme scss shell sql swift tcl typescript vbnet
  verilog vim wasm x86asm xml yaml`.split(/\s+/),
);

/** @type {Record<string, string>} */
const CLASSES = {
  keyword: 'word',
  'meta.keyword': 'word',
  'selector-tag': 'word',
  operator: '',
  name: 'word',
  tag: '',
  section: 'name',
  string: 'text',
  regexp: 'text',
  addition: 'text',
  'char.escape': 'number',
  link: 'text',
  'meta.string': 'text',
  number: 'number',
  literal: 'number',
  symbol: 'number',
  bullet: 'number',
  variable: 'number',
  'template-variable': 'number',
  title: 'name',
  built_in: 'name',
  type: 'name',
  attr: 'name',
  attribute: 'name',
  property: 'name',
  class: 'name',
  function: 'name',
  'selector-class': 'name',
  'selector-id': 'name',
  comment: 'note',
  quote: 'note',
  doctag: 'note',
  meta: 'note',
  deletion: 'word',
  emphasis: 'note',
  strong: 'word',
};

/** @type {Promise<Highlighter> | null} */
let library = null;
/** @type {Map<string, Promise<void>>} */
const languages = new Map();

/** Colours the element `code`, whose text is `text`; leaves it as it is where that cannot be done.
    @param {Element} code
    @param {string} text
    @param {string} language */
export async function colour(code, text, language) {
  const name = ALIASES[language] ?? language;
  if (!KNOWN.has(name)) return;
  try {
    const hljs = await load(name);
    const painter = new Painter();
    hljs.highlight(text, { language: name, ignoreIllegals: true })._emitter.walk(painter);
    keepSelection(code, () => code.replaceChildren(painter.root));
  } catch {
    // Plain code is as right as coloured code.
  }
}

/** @param {string} name */
async function load(name) {
  library ??= import(asset('vendor/highlight/core.js')).then((module) => module.default);
  const hljs = await library;
  if (!languages.has(name)) {
    languages.set(
      name,
      import(asset(`vendor/highlight/${name}.js`)).then((module) =>
        hljs.registerLanguage(name, module.default),
      ),
    );
  }
  await languages.get(name);
  return hljs;
}

/** What highlight.js calls a renderer: it is led through the tree and makes elements. */
class Painter {
  root = document.createDocumentFragment();
  /** @type {ParentNode[]} the last is the one that is filled */
  #path = [this.root];

  /** @param {string} text */
  addText(text) {
    this.#path.at(-1)?.append(text);
  }

  /** @param {{ scope?: string }} node */
  openNode({ scope = '' }) {
    const kind = CLASSES[scope] ?? CLASSES[scope.split('.')[0]] ?? '';
    const span = document.createElement('span');
    if (kind) span.className = `syntax-${kind}`;
    this.#path.at(-1)?.append(span);
    this.#path.push(span);
  }

  closeNode() {
    this.#path.pop();
  }
}
