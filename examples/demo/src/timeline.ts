import { styleText } from "node:util";
import { wrapText } from "./wrap-text.ts";

/** What the demo says, and when: every line of an act carries the seconds since the start. */
export interface Timeline {
  /** The name of the whole, and what it is about. */
  open(title: string, introduction: string): void;
  /** Starts an act. */
  act(title: string): void;
  /** Something happened. */
  tell(text: string): void;
  /** Something was promised, and here is the evidence. */
  prove(text: string): void;
  /** Moves the time of the program and of Bitbucket. */
  timePasses(text: string): void;
  /** An address to open: on a line of its own, unbroken, so that a terminal makes a link of it. */
  address(url: string): void;
  /** Says what is being waited for, while it lasts. Only a terminal shows it, and only until the next line. */
  waiting(text: string): void;
  /** Names and values, one pair per line. */
  table(rows: ReadonlyArray<readonly [name: string, value: string]>): void;
  /** Something to type, on a line of its own. */
  invite(text: string, command: string): void;
  /** The last word. */
  close(text: string, ending: "good" | "bad"): void;
}

const widest = 80;
/** `+123.456 s` and two spaces. */
const gutter = 12;

/** Writes to a stream. In colour on a terminal, unless `NO_COLOR` is set. */
export function createTimeline(stream: NodeJS.WriteStream = process.stdout): Timeline {
  const startedAt = performance.now();
  const isTerminal = stream.isTTY;
  const isColoured = isTerminal && !process.env["NO_COLOR"];
  const width = Math.min(widest, (isTerminal && stream.columns) || widest);
  let isWaiting = false;
  let isBlank = false;

  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const print = (text: string): void => {
    stream.write(`${isWaiting ? "\r\u001B[2K" : ""}${text}\n`);
    isWaiting = false;
    isBlank = text === "";
  };
  const gap = (): void => {
    if (!isBlank) print("");
  };
  const stamp = (): string => {
    const seconds = (performance.now() - startedAt) / 1_000;
    return paint("dim", `+${seconds.toFixed(3)} s`.padStart(gutter - 2));
  };
  const entry = (mark: string, text: string, dress: (line: string) => string): void => {
    const [first = "", ...rest] = wrapText(text, width - gutter - mark.length);
    print(`${stamp()}  ${dress(mark + first)}`);
    for (const line of rest) print(" ".repeat(gutter + mark.length) + dress(line));
  };

  return {
    open(title, introduction) {
      gap();
      print(paint("bold", title));
      gap();
      for (const line of wrapText(introduction, width)) print(line);
    },
    act(title) {
      gap();
      print(paint("bold", title));
    },
    tell: (text) => entry("", text, (line) => line),
    prove: (text) => entry("✓ ", text, (line) => paint("green", line)),
    timePasses: (text) => entry("", text, (line) => paint("dim", line)),
    address(url) {
      gap();
      print(paint("underline", url));
      gap();
    },
    invite(text, command) {
      gap();
      for (const line of wrapText(text, width)) print(line);
      print(`  ${paint("bold", command)}`);
    },
    waiting(text) {
      if (!isTerminal) return;
      stream.write(`${isWaiting ? "\r\u001B[2K" : ""}${" ".repeat(gutter)}${paint("dim", `${text} …`)}`);
      isWaiting = true;
    },
    table(rows) {
      const nameWidth = Math.max(...rows.map(([name]) => name.length)) + 2;
      for (const [name, value] of rows) {
        const [first = "", ...rest] = wrapText(value, width - gutter - nameWidth);
        print(" ".repeat(gutter) + paint("dim", name.padEnd(nameWidth)) + first);
        for (const line of rest) print(" ".repeat(gutter + nameWidth) + line);
      }
    },
    close(text, ending) {
      gap();
      for (const line of wrapText(text, width)) print(paint(ending === "good" ? "bold" : "red", line));
    },
  };
}
