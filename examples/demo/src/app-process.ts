import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The example app, in a process of its own with a fake Bitbucket of its own. */
export interface AppProcess {
  readonly pid: number;
  readonly url: string;
  /** Ends it as Ctrl-C does, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts the app on any free port and waits for the address it prints. It is gone when this program is. */
export async function startAppProcess(): Promise<AppProcess> {
  const { PATH = "", HOME = "" } = process.env;
  const main = fileURLToPath(new URL("../../express-app/src/main.ts", import.meta.url));
  const app = fork(main, { env: { PATH, HOME, PORT: "0" }, stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const exited = once(app, "exit");
  const url = await Promise.race([
    printedAddress(app.stdout),
    exited.then(() => Promise.reject(new Error("The web app ended before it was ready."))),
  ]);
  return {
    pid: app.pid ?? 0,
    url,
    async stop() {
      app.kill("SIGTERM");
      await exited;
    },
  };
}

function printedAddress(output: NodeJS.ReadableStream | null): Promise<string> {
  let printed = "";
  return new Promise((resolve) => {
    output?.on("data", (chunk) => {
      printed += String(chunk);
      const [, address] = /Open (http:\S+)\n/.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}
