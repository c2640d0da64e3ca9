import { describeSimulation } from "./describe-simulation.ts";

describeSimulation(100);
