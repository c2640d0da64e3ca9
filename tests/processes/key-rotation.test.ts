import { describeKeyRotation } from "./describe-key-rotation.ts";

// The long suite has 500, and 10,000 every night.
describeKeyRotation(100);
