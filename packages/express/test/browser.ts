import type { Express } from "express";
import request, { type Response, type Test } from "supertest";

/** A browser as far as cookies go: it keeps what it is given, sends it back, and follows nothing by itself. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(path: string, headers?: Readonly<Record<string, string>>, body?: string | object): Promise<Response>;
}

/** What a browser says when a person opens a page. */
export const opensPage = {
  Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "Sec-Fetch-Dest": "document",
};

export function createBrowser(app: Express, always: Readonly<Record<string, string>> = {}): Browser {
  const cookies = new Map<string, string>();
  const send = async (test: Test, headers: Readonly<Record<string, string>>): Promise<Response> => {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (jar !== "") void test.set("Cookie", jar);
    const response = await test.set({ ...always, ...headers }).redirects(0);
    for (const line of setCookies(response)) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  return {
    cookies,
    get: (path, headers = opensPage) => send(request(app).get(path), headers),
    post: (path, headers = {}, body = "") => send(request(app).post(path).send(body), headers),
  };
}

/** The `Set-Cookie` lines of an answer. */
export function setCookies(response: Response): string[] {
  const lines: unknown = response.headers["set-cookie"];
  return Array.isArray(lines) ? lines.map(String) : [];
}
