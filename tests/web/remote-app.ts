import { createBitbucketAuth } from "@bitbucket-auth/core";
import { type BitbucketWeb, createBitbucketWeb } from "@bitbucket-auth/web";
import type { RemoteSettings } from "@bitbucket-auth/web-suite/remote.js";

const apps = new Map<string, Promise<{ readonly web: BitbucketWeb; setNow(now: number): void }>>();

/** The app that a request of the suite is for, by the headers that its browser sends along; made when it is first asked for. */
export async function appFor(headers: Pick<Headers, "get">, settingsUrl: string): Promise<BitbucketWeb> {
  const id = headers.get("x-suite-app") ?? "";
  const known = apps.get(id) ?? makeApp(`${settingsUrl}/${id}`);
  apps.set(id, known);
  const { web, setNow } = await known;
  setNow(Number(headers.get("x-suite-now")));
  return web;
}

async function makeApp(url: string) {
  const settings: RemoteSettings = await (await fetch(url)).json();
  let aheadMs = 0;
  const clock = { now: () => Date.now() + aheadMs };
  const auth = createBitbucketAuth({ ...settings.core, clock, logging: false });
  const web = createBitbucketWeb({ ...settings.web, auth, clock, logging: false });
  return { web, setNow: (now: number) => void (aheadMs = now - Date.now()) };
}
