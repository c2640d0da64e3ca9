import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The example app, started as a user starts it. */
export interface ExampleApp {
  readonly url: string;
  readonly pid: number | undefined;
  /** Ends it as Ctrl-C does; answers its exit code. */
  close(): Promise<number | null>;
}

const main = fileURLToPath(new URL("../../examples/express-app/src/main.ts", import.meta.url));

/** Starts it on a free port, with the fake Bitbucket it brings along, and waits for the address it prints. */
export async function startExampleApp(variables: Readonly<Record<string, string>> = {}): Promise<ExampleApp> {
  const { PATH = "", HOME = "" } = process.env;
  const app = spawn(process.execPath, [main], {
    env: { PATH, HOME, PORT: "0", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(app, "exit");
  // A test that gave up waiting for it does not close it. It would hold our standard error, and the test run never end.
  const takeAlong = (): void => void app.kill("SIGKILL");
  process.once("exit", takeAlong);
  void ended.finally(() => process.off("exit", takeAlong));
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    app.stdout.on("data", (chunk) => {
      printed += String(chunk);
      const [, address] = /Open (http:\S+)\n[^]*Ctrl-C/.exec(printed) ?? [];
      if (address !== undefined) resolve(address);
    });
    void ended.then(() => reject(new Error(`The app ended:\n${printed}`)));
  });
  return {
    url,
    pid: app.pid,
    async close() {
      app.kill("SIGTERM");
      await ended;
      return app.exitCode;
    },
  };
}
