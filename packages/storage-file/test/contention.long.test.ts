import { describeContention } from "./processes/describe-contention.ts";

describeContention({ increments: 800, rounds: 400, writes: 1_000 });
