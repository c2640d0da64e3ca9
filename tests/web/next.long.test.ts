import { describeNext } from "./describe-next.ts";
import { startNext } from "./next-server.ts";

describeNext((env) =>
  startNext(new URL("next-suite/", import.meta.url), { env, isBuilt: process.env["NEXT_IS_BUILT"] === "1" }),
);
