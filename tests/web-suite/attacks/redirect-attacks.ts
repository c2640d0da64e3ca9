import { signIn } from "../sample.js";
import { type Attack, evil, whoIs } from "./attack.js";

function redirectsAway(returnTo: string): Attack["succeeds"] {
  return async ({ sample, victim }) => {
    const path = `/auth/bitbucket?${returnTo}`;
    const { headers, status } = await signIn(sample, victim, { path });
    const target = headers["location"];
    if (target === undefined) return status >= 500;
    const readings = [target, decodeURIComponent(target), target.normalize("NFKC")];
    return readings.some(
      (reading) => leaves(reading) || reading.startsWith("//") || tidied(reading).startsWith("//"),
    );
  };
}

function leaves(address: string): boolean {
  return new URL(address, "http://app.example").origin !== "http://app.example";
}

function tidied(address: string): string {
  return new URL(address, "http://app.example").pathname;
}

function openRedirect(title: string, returnTo: string): Attack {
  const query = new URLSearchParams({ returnTo }).toString();
  return { title, needs: "return-to is taken as it is", succeeds: redirectsAway(query) };
}

function signOutFrom(title: string, headers: Readonly<Record<string, string>>): Attack {
  return {
    title,
    needs: "no origin is judged",
    async succeeds({ sample, victim }) {
      await signIn(sample, victim);
      await victim.post("/auth/bitbucket/logout", headers);
      return (await whoIs(victim)) === undefined;
    },
  };
}

/** On where people go afterwards, and on signing them out. */
export const redirectAttacks: readonly Attack[] = [
  openRedirect("open redirect: another site", "https://evil.example/"),
  openRedirect("open redirect: two slashes", "//evil.example/"),
  openRedirect("open redirect: a backslash", "/\\evil.example/"),
  openRedirect("open redirect: userinfo", "//app.example@evil.example/"),
  openRedirect("open redirect: slashes of another alphabet", "/\uFF0Fevil.example/"),
  openRedirect("open redirect: encoded slashes", "/%2Fevil.example/"),
  openRedirect("open redirect: a path that tidies up to two slashes", "/.//evil.example/"),
  openRedirect("open redirect: a script", "javascript:alert(document.domain)"),
  openRedirect("header injection through return-to", "/\r\nX-Evil: 1"),
  signOutFrom("sign-out by a form on another site", evil),
  signOutFrom("sign-out by a sandboxed frame", { Origin: "null", Host: "app.example" }),
  signOutFrom("sign-out by a sibling subdomain", { Host: "app.example", "Sec-Fetch-Site": "same-site" }),
  signOutFrom("sign-out by a request that hides its origin", { Host: "app.example" }),
];
