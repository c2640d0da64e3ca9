import { describeKills } from "./describe-kills.ts";
import { quickStoragesOnce } from "./storm-storage.ts";

// Each step once, one half on each storage and each kind of server. `every-step.long.test.ts` crosses all of it, and the nightly
// suite has 200 kills.
describeKills(
  4,
  {
    leeway: quickStoragesOnce.filter((name) => name !== "file"),
    strict: quickStoragesOnce.filter((name) => name === "file"),
  },
  1_004,
);
