import { toNextHandlers } from "@bitbucket-auth/web/next";
import { suiteApp } from "../../../suite.js";

const handle = async (request) => toNextHandlers(await suiteApp(request)).GET(request);
export { handle as GET, handle as POST };
