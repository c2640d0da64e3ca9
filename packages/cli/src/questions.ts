import { createInterface } from "node:readline";
import { Writable, type Readable } from "node:stream";
import { interruption, oneLine, usageError } from "./failure.js";

/** Lines of a stdin that is no terminal. */
export interface LineReader {
  /** `undefined` at the end. */
  next(): Promise<string | undefined>;
  close(): void;
}

/** One reader for all questions: a pipe may bring several answers at once. */
export function createLineReader(stdin: Readable): LineReader {
  const reader = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await lines.next();
      return done === true ? undefined : value;
    },
    close: () => reader.close(),
  };
}

/** Asks on a terminal, and shows what is typed unless it is hidden. Rejects at Ctrl-C, at the end of the input and at the signal. */
export function askOnTerminal(
  question: string,
  {
    stdin,
    stderr,
    hidden,
    signal,
  }: {
    readonly stdin: Readable;
    readonly stderr: Writable;
    readonly hidden: boolean;
    readonly signal: AbortSignal | undefined;
  },
): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new Promise((resolve, reject) => {
    const reader = createInterface({
      input: stdin,
      output: hidden ? unseen : stderr,
      terminal: true,
      historySize: 0,
    });
    // Only now, in raw mode: what is pasted the moment the question appears must not be echoed by the terminal itself.
    stderr.write(`${oneLine(question)}: `);
    let isOver = false;
    const end = (settle: () => void): void => {
      // Closing it tells its listeners as Ctrl-D does.
      if (isOver) return;
      isOver = true;
      signal?.removeEventListener("abort", onAbort);
      reader.close();
      if (hidden) stderr.write("\n");
      settle();
    };
    const onAbort = (): void => end(() => reject(signal?.reason));
    signal?.addEventListener("abort", onAbort);
    reader.once("line", (line) => end(() => resolve(line)));
    reader.once("SIGINT", () => end(() => reject(interruption())));
    reader.once("close", () => end(() => reject(usageError(`${question}: nothing was typed.`))));
  });
}
