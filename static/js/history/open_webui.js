// Chats of Open WebUI's export in our own shape. Nothing is trusted here: import_file.js reads every
// field by its type afterwards.

const REASONING =
  /^\s*<details type="reasoning"([^>]*)>\s*(?:<summary>[\s\S]*?<\/summary>)?([\s\S]*?)<\/details>\s*/;
/** @type {Record<string, string>} */
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };

/** One chat, `{ chat: { title, history: { messages, currentId } } }`, as `{ chat, messages }`. Throws
    where it has no messages.
    @param {any} one */
export function fromOpenWebUi({ chat: { title, history }, pinned }) {
  const nodes = new Map(
    Object.values(history.messages)
      .filter(Boolean)
      .map((node) => [node.id, { ...node, shown: null }]),
  );
  for (
    let at = nodes.get(history.currentId);
    at && !nodes.get(at.parentId)?.shown;
    at = nodes.get(at.parentId)
  ) {
    if (nodes.has(at.parentId)) nodes.get(at.parentId).shown = at.id;
  }
  const messages = [...nodes.values()].map(message);
  const at = Math.max(0, ...messages.map((one) => one.at)) || Date.now();
  return { chat: { title, createdAt: at, updatedAt: at, pinned }, messages };
}

/** @param {any} node */
function message(node) {
  /** @type {any[]} */
  const parts = Array.isArray(node.content)
    ? node.content.filter(Boolean)
    : [{ type: 'text', text: node.content }];
  const words = parts
    .filter(({ type, text }) => type === 'text' && typeof text === 'string')
    .map(({ text }) => text)
    .join('\n');
  /** @type {any[]} */
  const files = Array.isArray(node.files) ? node.files.filter(Boolean) : [];
  const pictures = [
    ...files.filter(({ type }) => type === 'image').map(({ url }) => url),
    ...parts.filter(({ type }) => type === 'image_url').map((part) => part.image_url?.url),
  ];
  return {
    ...node,
    ...(node.role === 'assistant' ? thought(words) : { content: words }),
    parent: node.parentId,
    at: Number.isFinite(node.timestamp) ? node.timestamp * 1000 : 0,
    images: pictures.map((url) => String(url).split(';base64,')[1]),
    files: [],
  };
}

/** Thoughts stand before the answer as HTML, quoted and escaped.
    @param {string} words */
function thought(words) {
  const thoughts = [];
  let seconds = 0;
  let content = words;
  for (let found = REASONING.exec(content); found; found = REASONING.exec(content)) {
    const [whole, attributes, inside] = found;
    thoughts.push(unescaped(inside).replace(/^> ?/gm, '').trim());
    seconds += Number(/\bduration="(\d+(?:\.\d+)?)"/.exec(attributes)?.[1] ?? 0);
    content = content.slice(whole.length);
  }
  return thoughts.length === 0
    ? { content }
    : { content, thinking: thoughts.join('\n\n'), thinkingMs: seconds * 1000 };
}

/** @param {string} text */
const unescaped = (text) =>
  text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name) => ENTITIES[name]);
