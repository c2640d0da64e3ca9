import { describeExpiries } from "./describe-expiries.ts";

describeExpiries({
  file: { processes: 8, callers: 20, expiries: 50 },
  "node-redis": { processes: 8, callers: 20, expiries: 50 },
  ioredis: { processes: 4, callers: 20, expiries: 10 },
});
