import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface CommandLine {
  readonly browser: boolean;
  readonly help: boolean;
  /** Of the callback server; absent when it was left to the demo. */
  readonly port: number | undefined;
}

export const usage = `npm run demo -- [options]

  --browser      open the consent page yourself instead of letting the demo press the button
  --port <port>  where the demo waits for Bitbucket's callback
                 (any free one with the fake, 7991 with the real Bitbucket)
  --help         this text

With BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET in the environment the
demo signs you in to the real Bitbucket.
`;

/** Reads the arguments. Throws when there is one it does not know. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      browser: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      port: { type: "string" },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536))
    throw new Error(`--port takes a number below 65536, not "${values.port}".`);
  return { browser: values.browser, help: values.help, port };
}
