import { describeKeyRotation } from "./describe-key-rotation.ts";

describeKeyRotation(10_000);
