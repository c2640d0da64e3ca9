import { describePromises } from "./describe-promises.ts";

// The long suite has every other client.
describePromises("first");
