import { toNextHandlers } from "@bitbucket-auth/web/next";
import { bitbucket } from "../../../../lib/bitbucket.js";

export const { GET, POST } = toNextHandlers(bitbucket);
