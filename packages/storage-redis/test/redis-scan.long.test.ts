import { ioredisCluster } from "./clients.ts";
import { describeList } from "./describe-list.ts";

describeList(ioredisCluster);
