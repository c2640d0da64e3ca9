import { storagesOnce } from "../storm/storm-storage.ts";
import { describeHeartbeat, describeSlowBitbucket } from "./describe-leases.ts";

describeHeartbeat(storagesOnce);
describeSlowBitbucket(storagesOnce.filter((name) => name !== "file"));
