import { once } from "node:events";
import process from "node:process";
import { createBitbucketMock } from "../fake/mock.js";
import { readFields } from "../remote/json-fields.js";
import { startBitbucketMock } from "../server.js";
import { endWithParent } from "./child-process.js";

// The process of the fake: receives the profile, answers its address, ends with its parent.
const [message]: unknown[] = await once(process, "message");
const knobs = readFields(message, "the profile");
const leewayMs = knobs.optional("leewayMs", (of) => of.number("leewayMs"));
const siblings = knobs.optional("siblings", (of) => of.oneOf("siblings", ["all-live", "last-live"]));
const { url } = await startBitbucketMock(
  createBitbucketMock({
    profile: {
      base: knobs.oneOf("base", ["cloud-2026", "cloud-legacy", "strict"]),
      ...(leewayMs !== undefined && { leewayMs }),
      ...(siblings !== undefined && { siblings }),
    },
  }),
);
process.send?.({ url });
await endWithParent();
