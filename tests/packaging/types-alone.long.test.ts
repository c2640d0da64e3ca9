import { describeTypes } from "./describe-types.ts";

describeTypes([
  { compiler: "TypeScript 5.4", resolution: "nodenext" },
  { compiler: "TypeScript 5.9", resolution: "nodenext" },
  { compiler: "TypeScript 5.9", resolution: "bundler" },
  { compiler: "TypeScript 7", resolution: "bundler" },
]);
