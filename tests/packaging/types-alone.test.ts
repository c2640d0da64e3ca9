import { describeTypes } from "./describe-types.ts";

// The newest compiler. The oldest, and the one most users have, are in the long suite: each takes ten times as long.
describeTypes([{ compiler: "TypeScript 7", resolution: "nodenext" }]);
