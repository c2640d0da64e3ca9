/** The words in a page's tables that were broken in the middle to fit. It runs inside the page: nothing from outside is known. */
export function brokenWords(): string[] {
  const broken: string[] = [];
  for (const table of document.querySelectorAll(".wide table")) {
    const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      for (const { 0: word, index } of (node.textContent ?? "").matchAll(/[\p{L}\p{N}]+/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (range.getClientRects().length > 1) broken.push(word);
      }
    }
  }
  return broken;
}
