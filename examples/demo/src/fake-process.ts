import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { textMember } from "./json-member.ts";

/** A fake Bitbucket that runs in a process of its own. */
export interface FakeProcess {
  readonly pid: number;
  /** Its origin; the control API is below it. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts the fake with one consumer, whose callback URL this is. It is gone when this program is, however that ends. */
export async function startFakeProcess(callbackUrl: string): Promise<FakeProcess> {
  const child = fork(fileURLToPath(new URL("fake-bitbucket.ts", import.meta.url)), [callbackUrl], {
    // Its errors are worth seeing; nothing else of it is.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const hello: unknown = await Promise.race([
    once(child, "message").then(([message]) => message),
    exited.then(() => Promise.reject(new Error("The fake Bitbucket ended before it was ready."))),
  ]);
  return {
    pid: child.pid ?? 0,
    url: textMember(hello, "url"),
    clientId: textMember(hello, "clientId"),
    clientSecret: textMember(hello, "clientSecret"),
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
