/** What an address of this app asks for. */
export interface Place {
  /** Absent: the start page. */
  readonly workspace?: string;
  readonly page: number;
}

export function readAddress({ pathname, search }: Pick<Location, "pathname" | "search">): Place {
  const [, workspace] = /^\/workspaces\/([^/]+)$/.exec(pathname) ?? [];
  const wanted = new URLSearchParams(search).get("page") ?? "";
  const page = /^[1-9]\d{0,4}$/.test(wanted) ? Number(wanted) : 1;
  return workspace === undefined ? { page } : { workspace: decodeURIComponent(workspace), page };
}

export function addressOf({ workspace, page }: Place): string {
  const path = workspace === undefined ? "/" : `/workspaces/${encodeURIComponent(workspace)}`;
  return page > 1 ? `${path}?page=${page}` : path;
}

/** The address behind a plain click on a link of this app; `undefined` for what the browser should follow itself. */
export function linkClicked(event: MouseEvent): string | undefined {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !isPlain || link.origin !== location.origin || link.hash !== "") return undefined;
  return link.pathname + link.search;
}
