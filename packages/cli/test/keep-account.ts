import type { TokenStorage } from "@bitbucket-auth/core";
import { readEndpoints } from "../src/environment.ts";
import { type KeptAccount, openSettings } from "../src/settings.ts";

/** Keeps an account as `login` does after its sign-in. */
export async function keepAccount(
  storage: TokenStorage,
  {
    env,
    name,
    account,
  }: { readonly env: NodeJS.ProcessEnv; readonly name: string; readonly account: KeptAccount },
): Promise<void> {
  await openSettings(storage, readEndpoints(env)).setAccount(name, account);
}
