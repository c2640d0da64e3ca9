import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

/** A server that has its port before it has its pages: addresses go into both. */
export interface ListeningServer {
  readonly url: string;
  /** From now on this answers. */
  answerWith(listener: RequestListener): void;
  /** Stops listening and breaks every connection. */
  close(): void;
}

/** Listens on this machine alone. Rejects, naming the variable, when the port is taken. */
export async function listen(port: number, variable: string): Promise<ListeningServer> {
  const server = createServer();
  server.listen(port, "localhost");
  await once(server, "listening").catch((cause: unknown) => {
    throw new Error(`Port ${port} is taken. Choose another: ${variable}=3002`, { cause });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://localhost:${address.port}`,
    answerWith: (listener) => void server.on("request", listener),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
