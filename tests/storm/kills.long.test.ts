import { describeKills } from "./describe-kills.ts";

// 50 seeds on each of two storages and two kinds of server.
describeKills(50);
