import { guarded } from "../suite.js";

export const GET = guarded(async ({ account }) => ({ account }));
export const POST = GET;
