import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A wire to a server that can be made to fail. */
export interface WireProxy {
  readonly port: number;
  /** Makes the connections that are open now silent for good: nothing passes and nothing is closed. */
  silence(): void;
  /** Cuts the connection in place of the answer that comes next: the server has acted, and its client never hears of it. */
  cutNextAnswer(): void;
  /** Times that something was sent to the server, as far as answers lay between. */
  readonly trips: number;
  stop(): Promise<void>;
}

/** Opens a wire to the server on this port of this machine. */
export async function startProxy(target: number): Promise<WireProxy> {
  const sockets = new Set<Socket>();
  let silentSince = 0;
  let opened = 0;
  let cuts = 0;
  let trips = 0;
  const server = createServer((client) => {
    const number = (opened += 1);
    const upstream = connect(target, "127.0.0.1");
    let wasAnswered = true;
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        if (number > silentSince) for (const each of both) each.destroy();
      });
    }
    client.on("data", (chunk) => {
      if (number <= silentSince) return;
      if (wasAnswered) trips += 1;
      wasAnswered = false;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (number <= silentSince) return;
      wasAnswered = true;
      if (cuts > 0) {
        cuts -= 1;
        for (const each of both) each.destroy();
        return;
      }
      client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("A proxy has no port.");
  return {
    port: address.port,
    silence: () => void (silentSince = opened),
    cutNextAnswer: () => void (cuts += 1),
    get trips() {
      return trips;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
