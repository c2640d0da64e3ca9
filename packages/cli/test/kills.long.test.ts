import { describeKills } from "./describe-kills.ts";

// From the first change to one after the last: of the lease, of the record, of the settings.
describeKills([1, 3, 6, 9, 12, 15, 18, 24]);
