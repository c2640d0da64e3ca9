import { describeTwoProcesses } from "./describe-two-processes.ts";

describeTwoProcesses(200);
