// A reader's selection, kept while the elements that hold the selected text are made anew.

/** Runs `change`, which leaves the text of `root` as it is. */
export function keepSelection(root, change) {
  const selection = getSelection();
  const ends = selection.isCollapsed
    ? []
    : [
        [selection.anchorNode, selection.anchorOffset],
        [selection.focusNode, selection.focusOffset],
      ];
  const places = ends.map(([node, offset]) =>
    root.contains(node) ? textBefore(root, node, offset) : null,
  );
  change();
  if (places.every((place) => place === null)) return;
  const [anchor, focus] = places.map((place, index) =>
    place === null ? ends[index] : pointAt(root, place),
  );
  selection.setBaseAndExtent(...anchor, ...focus);
}

function textBefore(root, node, offset) {
  const range = document.createRange();
  range.setStart(root, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

function pointAt(root, place) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let left = place;
  while (walker.nextNode()) {
    if (left <= walker.currentNode.length) return [walker.currentNode, left];
    left -= walker.currentNode.length;
  }
  return [root, root.childNodes.length];
}
