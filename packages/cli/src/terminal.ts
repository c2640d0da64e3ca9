import type { Readable, Writable } from "node:stream";
import { usageError } from "./failure.js";
import type { LineReader } from "./questions.js";

/** How a question is asked. */
export interface Question {
  /** What is typed is not shown. */
  readonly hidden?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Where a command reads and writes. The answer goes to stdout; everything else to stderr. */
export interface Terminal {
  /** Whether there is a reader to ask: stdin and stderr are both a terminal. */
  readonly isInteractive: boolean;
  /** The one thing the command was run for, on stdout, with a line end. */
  answer(text: string): void;
  /** Progress, warnings and failures, on stderr. */
  say(text: string): void;
  /** On a terminal that shows colours, and never with `NO_COLOR`. */
  style(style: "bold" | "dim" | "red" | "green" | "yellow", text: string): string;
  /** One line from the terminal, or the next line of stdin. Rejects when there is none. */
  ask(question: string, options?: Question): Promise<string>;
  /** All of stdin, up to `limit` characters. */
  readAll(limit: number): Promise<string>;
  /** Closes stdin, so that the process can end. */
  close(): void;
}

/** The streams of a process. `isTTY` is absent on a pipe. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** How a style begins and ends: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ (SGR). */
const styles = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/**
 * A terminal over three streams. Pass those of the process: each is looked at when it is needed, because a process opens a stream when
 * it is first looked at, and most runs need one of the three.
 */
export function createTerminal(
  streams: Streams,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  let lines: LineReader | undefined;
  let isReading = false;
  const stdin = (): Streams["stdin"] => {
    isReading = true;
    return streams.stdin;
  };
  const isInteractive = (): boolean => stdin().isTTY === true && streams.stderr.isTTY === true;
  const write = (stream: Writable, text: string): void => void stream.write(`${text}\n`);

  return {
    get isInteractive() {
      return isInteractive();
    },
    answer: (text) => write(streams.stdout, text),
    say: (text) => write(streams.stderr, text),
    style(style, text) {
      const [begin, end] = styles[style];
      return showsColours(streams.stderr, env) ? `\u001B[${begin}m${text}\u001B[${end}m` : text;
    },

    async ask(question, { hidden = false, signal } = {}) {
      const { askOnTerminal, createLineReader } = await import("./questions.js");
      // Only now: the signal may have fired while the module was loaded, and would not fire again.
      signal?.throwIfAborted();
      if (!isInteractive()) {
        lines ??= createLineReader(stdin());
        const line = await abortable(lines.next(), signal);
        if (line === undefined) {
          throw usageError(`${question}: stdin has no line for it, and there is no terminal to ask on.`);
        }
        return line.trim();
      }
      return (
        await askOnTerminal(question, { stdin: stdin(), stderr: streams.stderr, hidden, signal })
      ).trim();
    },

    async readAll(limit) {
      let text = "";
      const input = stdin();
      input.setEncoding("utf8");
      for await (const chunk of input) {
        text += String(chunk);
        if (text.length > limit) throw usageError(`stdin holds more than ${limit} characters.`);
      }
      return text;
    },

    close() {
      lines?.close();
      if (isReading) streams.stdin.destroy();
    },
  };
}

/** https://no-color.org: any value that is not empty. */
function showsColours(
  { isTTY }: Streams["stderr"],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
