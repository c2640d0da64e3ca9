import { readConsentForm } from "./consent-form.ts";

/** What a browser shows after it has followed every redirect. */
export interface ShownPage {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
  /** How many redirects led here. */
  readonly redirects: number;
}

/** A browser as far as this story needs one: cookies, redirects and forms. */
export interface WebBrowser {
  open(address: string): Promise<ShownPage>;
  /** Presses a button of the page's one form. */
  press(page: ShownPage, button: string): Promise<ShownPage>;
  /** Sends a form without fields. */
  submit(address: string): Promise<ShownPage>;
  readonly cookies: Map<string, string>;
}

/** With no cookies yet. They go to every host, which here is this machine alone. */
export function createWebBrowser(): WebBrowser {
  const cookies = new Map<string, string>();

  const visit = async (address: string | URL, body?: URLSearchParams): Promise<ShownPage> => {
    let url = new URL(address);
    let response = await send(url, body);
    let redirects = 0;
    for (; response.headers.has("location") && redirects < 10; redirects += 1) {
      url = new URL(response.headers.get("location") ?? "", url);
      response = await send(url);
    }
    return { url, status: response.status, html: await response.text(), redirects };
  };
  const send = async (url: URL, body?: URLSearchParams): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { accept: "text/html", cookie, origin: url.origin };
    const response = await fetch(url, {
      method: body ? "POST" : "GET",
      headers,
      redirect: "manual",
      ...(body && { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (line.includes("Max-Age=0")) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  return {
    cookies,
    open: (address) => visit(address),
    press(page, button) {
      const form = readConsentForm(page.html, page.url.href);
      return visit(form.action, form.press(button));
    },
    submit: (address) => visit(address, new URLSearchParams()),
  };
}
