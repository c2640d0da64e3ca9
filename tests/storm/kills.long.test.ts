import { describeKills } from "./describe-kills.ts";
import { storagesOnce } from "./storm-storage.ts";

// 50 seeds on each of two storages and two kinds of server.
describeKills(50, { leeway: storagesOnce, strict: storagesOnce });
