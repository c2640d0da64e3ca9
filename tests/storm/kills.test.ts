import { describeKills } from "./describe-kills.ts";

// Each step once, on each storage and each kind of server: 32 kills. The long suite has 200.
describeKills(8);
