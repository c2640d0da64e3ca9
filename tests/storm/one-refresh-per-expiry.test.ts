import { describeExpiries } from "./describe-expiries.ts";

// The long suite has 8 processes and 50 expiries.
describeExpiries({
  file: { processes: 4, callers: 20, expiries: 5 },
  "node-redis": { processes: 4, callers: 20, expiries: 5 },
  ioredis: { processes: 2, callers: 20, expiries: 5 },
});
