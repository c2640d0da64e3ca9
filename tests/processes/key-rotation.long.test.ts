import { describeKeyRotation } from "./describe-key-rotation.ts";

describeKeyRotation(500);
