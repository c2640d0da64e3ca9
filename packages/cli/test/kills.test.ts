import { describeKills } from "./describe-kills.ts";

// Of the lease and of the record. The long suite has eight moments, to one after the last change.
describeKills([1, 3, 6, 12]);
