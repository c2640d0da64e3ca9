import { guarded } from "../suite.js";

export const GET = guarded(async (session) => (await session.fetch("/2.0/user")).json());
