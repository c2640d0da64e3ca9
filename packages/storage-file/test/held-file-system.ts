import { nodeFileSystem, type FileSystem } from "../src/file-system.ts";

/** A file system on which one call can be held back, as if its process had been stopped there. */
export interface HeldFileSystem {
  readonly fs: FileSystem;
  /** Holds the next call of this method whose path matches, before or after it has its effect. */
  hold(method: keyof FileSystem, moment: "before" | "after", path: RegExp): Hold;
}

export interface Hold {
  /** Resolves when the call has come to the point where it is held. */
  readonly reached: Promise<void>;
  letGo(): void;
}

interface Held extends Hold {
  readonly moment: "before" | "after";
  matches(method: string, args: readonly unknown[]): boolean;
  stop(): Promise<void>;
}

export function createHeldFileSystem(base: FileSystem = nodeFileSystem): HeldFileSystem {
  let held: Held | undefined;
  const fs = new Proxy(base, {
    get:
      (target, method: keyof FileSystem) =>
      async (...args: never[]) => {
        const hold = held?.matches(method, args) ? held : undefined;
        if (hold) held = undefined;
        if (hold?.moment === "before") await hold.stop();
        const call = target[method] as (...passed: never[]) => Promise<unknown>;
        const result = await call(...args);
        if (hold?.moment === "after") await hold.stop();
        return result;
      },
  });
  return {
    fs,
    hold(method, moment, path) {
      const [reached, go] = [signal(), signal()];
      const hold: Held = {
        moment,
        reached: reached.given,
        letGo: go.give,
        matches: (called, args) =>
          called === method && args.some((arg) => typeof arg === "string" && path.test(arg)),
        stop: () => {
          reached.give();
          return go.given;
        },
      };
      held = hold;
      return hold;
    },
  };
}

/** Something that is given once. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}
