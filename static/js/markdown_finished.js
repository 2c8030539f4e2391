// Which blocks of a growing text are finished: read again with whatever follows, they would come out
// the same, and what follows would come out the same without them. Only such a block may be left
// alone, or a chat would look different from the same chat after a reload.

const EMPTY_LINE = /\n[ \t]*\n/;

/** How many of `tokens`, the blocks that `text` was read as, are finished. Nothing is concluded from
    a line that is still being written: a `2` may become the list's next item. */
export function countFinished(tokens, text) {
  const written = text.lastIndexOf('\n') + 1;
  let at = 0;
  let count = 0;
  for (const { type, raw } of tokens) {
    const block = { type, raw, at, end: at + raw.length };
    const isFollowed = () => startOfNext(tokens, count + 1, block.end) < written;
    if (!isFinished(block, { text, written, isFollowed, hasNext: count + 1 < tokens.length })) break;
    at = block.end;
    count += 1;
  }
  return count;
}

function isFinished({ type, raw, at, end }, { text, written, isFollowed, hasNext }) {
  if (at >= written) return false;
  switch (type) {
    case 'space':
    case 'blockMaths': return end <= written;
    case 'hr': return true;
    case 'heading': return /^ {0,3}#{1,6}(?:\s|$)/.test(raw) || isLeft(text, at);
    // Behind an open fence comes nothing, not even an empty line. Indented code may go on after one.
    case 'code': return /^ {0,3}(?:```|~~~)/.test(raw) ? hasNext && end < written : isFollowed();
    // They go on after an empty line: with the next item, an indented line, all of a <script>.
    case 'list':
    case 'html': return isFollowed();
    // The line may be lazy, an underline, a row, a title; and what begins with [ may become a definition.
    case 'paragraph':
    case 'blockquote':
    case 'table':
    case 'def': return isLeft(text, at);
    default: return false;
  }
}

/** The text has gone beyond an empty line since `at`. */
const isLeft = (text, at) => EMPTY_LINE.test(text.slice(at));

/** Where the next block that is seen begins; Infinity without one. */
function startOfNext(tokens, index, at) {
  for (const { type, raw } of tokens.slice(index)) {
    if (type !== 'space') return at;
    at += raw.length;
  }
  return Infinity;
}
