const defaultPageLength = 10;
const longestPage = 100;

/** One page of a list in Bitbucket's envelope. `next` and `previous` keep the other query parameters. */
export function page(items: readonly unknown[], url: URL): Record<string, unknown> {
  const pagelen = Math.min(
    positiveInteger(url.searchParams.get("pagelen")) ?? defaultPageLength,
    longestPage,
  );
  const number = positiveInteger(url.searchParams.get("page")) ?? 1;
  const end = number * pagelen;
  return {
    values: items.slice(end - pagelen, end),
    pagelen,
    size: items.length,
    page: number,
    ...(end < items.length && { next: atPage(url, number + 1) }),
    ...(number > 1 && { previous: atPage(url, number - 1) }),
  };
}

function atPage(url: URL, number: number): string {
  const other = new URL(url);
  other.searchParams.set("page", String(number));
  return other.href;
}

function positiveInteger(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : null;
}
