import { describeTwoProcesses } from "./describe-two-processes.ts";

// The long suite has 200.
describeTwoProcesses(32);
