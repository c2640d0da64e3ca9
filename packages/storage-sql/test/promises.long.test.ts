import { describePromises } from "./describe-promises.ts";

describePromises("further");
