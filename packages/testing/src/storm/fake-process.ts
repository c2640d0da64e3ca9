import type { ProfileName, ProfileOverrides } from "../profiles.js";
import { connectBitbucketMock, type RemoteBitbucketMock } from "../remote-mock.js";
import { firstMessage, startChild } from "./child-process.js";

/** How the fake behaves: a ready-made dialect, or one with the knobs that matter when two processes refresh at once. */
export type StormProfile = ProfileName | Pick<ProfileOverrides, "base" | "leewayMs" | "siblings">;

/** A fake Bitbucket in a process of its own, so that nothing of the clients' timing is shared with it. */
export interface FakeProcess {
  readonly bitbucket: RemoteBitbucketMock;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startFake(profile: StormProfile): Promise<FakeProcess> {
  const child = startChild(new URL("./fake-main.js", import.meta.url));
  const { base = "cloud-2026", ...knobs } = typeof profile === "string" ? { base: profile } : profile;
  child.send({ base, ...knobs });
  const ready = await firstMessage(child);
  return { bitbucket: await connectBitbucketMock(ready.string("url")), stop: () => child.kill() };
}
