// A reader's selection, kept while the elements that hold the selected text are made anew.

/** @typedef {[node: Node, offset: number]} Point */

/** Runs `change`, which leaves the text of `root` as it is.
    @param {Element} root
    @param {() => void} change */
export function keepSelection(root, change) {
  const selection = getSelection();
  const { anchorNode, focusNode, anchorOffset, focusOffset } = selection ?? {};
  if (!selection || selection.isCollapsed || !anchorNode || !focusNode) {
    change();
    return;
  }
  const anchor = kept(root, [anchorNode, anchorOffset ?? 0]);
  const focus = kept(root, [focusNode, focusOffset ?? 0]);
  change();
  if (anchor.isInside || focus.isInside)
    selection.setBaseAndExtent(...anchor.point(), ...focus.point());
}

/** One end of a selection, to be found again after a change.
    @param {Element} root
    @param {Point} end */
function kept(root, end) {
  const isInside = root.contains(end[0]);
  const place = isInside ? textBefore(root, ...end) : 0;
  return { isInside, point: () => (isInside ? pointAt(root, place) : end) };
}

/** @param {Element} root
    @param {Node} node
    @param {number} offset */
function textBefore(root, node, offset) {
  const range = document.createRange();
  range.setStart(root, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

/** @param {Element} root
    @param {number} place
    @returns {Point} */
function pointAt(root, place) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let left = place;
  for (let node = walker.nextNode(); node instanceof Text; node = walker.nextNode()) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return [root, root.childNodes.length];
}
