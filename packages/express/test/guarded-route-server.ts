/** The process that `benchmarks/guarded-route.ts` measures. */
import { once } from "node:events";
import { createServer } from "node:http";
import { guardedApp } from "./guarded-app.ts";

process.once("disconnect", () => process.exit());
const { answer, signIn } = guardedApp();
const server = createServer(answer).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const port = typeof address === "object" && address ? address.port : 0;
process.send?.({ port, cookie: await signIn(`http://127.0.0.1:${port}`) });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
