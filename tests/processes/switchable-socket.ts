import { createServer, connect, type Socket } from "node:net";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One address in front of several servers, as a failover keeps it: a client that connects reaches the current one. */
export interface SwitchableSocket {
  readonly path: string;
  /** Sends what connects from now on to another socket, and breaks what is connected. */
  switchTo(path: string): void;
  close(): Promise<void>;
}

export async function openSwitchableSocket(target: string): Promise<SwitchableSocket> {
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-switch-"));
  const path = join(folder, "switch.sock");
  const open = new Set<Socket>();
  let current = target;
  const server = createServer((incoming) => {
    const outgoing = connect(current);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(from);
      from.on("error", () => undefined);
      from.once("close", () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(path);
  await once(server, "listening");
  const breakAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    path,
    switchTo(next) {
      current = next;
      breakAll();
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      breakAll();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
