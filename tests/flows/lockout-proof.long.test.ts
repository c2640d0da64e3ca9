import { describeLockout } from "./describe-lockout.ts";

describeLockout(500);
