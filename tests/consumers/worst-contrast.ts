/**
 * The text on a page that stands out least, by WCAG's contrast ratio.
 *
 * It runs inside the page, so it can use nothing from outside itself.
 */
export function worstContrast(): { readonly ratio: number; readonly text: string } {
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const isOpaque = (color: string): boolean => channels(color)[3] !== 0;
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: Element | null): string => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    return isOpaque(backgroundColor) ? backgroundColor : backgroundOf(element.parentElement);
  };
  let worst = { ratio: Infinity, text: "" };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent?.trim() ?? "";
    if (text === "" || element === null || element.getClientRects().length === 0) continue;
    const [darker = 0, lighter = 0] = [getComputedStyle(element).color, backgroundOf(element)]
      .map(luminance)
      .toSorted((one, other) => one - other);
    const ratio = (lighter + 0.05) / (darker + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text };
  }
  return worst;
}
