import { suiteApp } from "./suite.js";

export async function GET(request) {
  const session = await (await suiteApp(request)).session(request);
  return Response.json({ account: session?.account ?? null });
}
