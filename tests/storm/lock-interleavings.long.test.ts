import { describeInterleavings } from "./describe-interleavings.ts";

describeInterleavings({ anywhere: 10_000, strict: 2_000 });
