/**
 * Breaks text at its spaces into lines of at most `width`; a longer word keeps a line of its own. Control characters become
 * spaces: some of the text comes from a server, and none of it is to move the cursor.
 */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/ |\p{Cc}/u)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(word);
  }
  return lines;
}
