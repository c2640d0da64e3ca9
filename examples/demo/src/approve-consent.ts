import { readConsentForm } from "./consent-form.ts";

/** Who granted the access: the name that the consent page was submitted with. */
export interface Approval {
  readonly username: string;
}

/**
 * Does what a user and a browser do with the consent page: opens it, presses "Grant access", and follows Bitbucket back
 * to the callback URL.
 */
export async function approveConsent(authorizationUrl: string): Promise<Approval> {
  const page = await fetch(authorizationUrl, { redirect: "manual" });
  if (page.status !== 200) throw new Error(`The consent page answered with status ${page.status}.`);
  const form = readConsentForm(await page.text(), page.url);
  const body = form.press("Grant access");
  const decision = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  const location = decision.headers.get("location");
  if (location === null) throw new Error("The consent page did not send the browser back.");
  const landing = await fetch(location);
  await landing.body?.cancel();
  return { username: body.get("username") ?? "unknown" };
}
