import { describeFreezes } from "./describe-freezes.ts";
import { describeKills } from "./describe-kills.ts";
import { storagesOnce } from "./storm-storage.ts";

// Each step once, on each storage and each kind of server.
describeKills(8, { leeway: storagesOnce, strict: storagesOnce });
describeFreezes({ leeway: storagesOnce, strict: storagesOnce });
