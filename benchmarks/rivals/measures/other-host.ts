import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Connection } from "../client.ts";
import { goodAnswer } from "./malformed-answers.ts";

/** A host that no credential is meant for. It answers every request with good tokens. */
export interface OtherHost {
  readonly url: string;
  /** What arrived since the last time of asking, in words; `undefined` when nothing arrived. */
  received(grant: Connection): string | undefined;
  close(): Promise<void>;
}

/** Starts one, on loopback but under another name than the fake Bitbucket's. */
export async function startOtherHost(): Promise<OtherHost> {
  let arrived: { readonly method: string; readonly text: string }[] = [];
  const receive = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "", headers, url = "" } = incoming;
    const [, basic = ""] = /^basic (.+)$/i.exec(headers.authorization ?? "") ?? [];
    const body = (await buffer(incoming)).toString();
    const credentials = Buffer.from(basic, "base64").toString();
    arrived.push({ method, text: `${url} ${credentials} ${body}` });
    outgoing.writeHead(200, goodAnswer.headers).end(goodAnswer.body);
  };
  const server = createServer((incoming, outgoing) => {
    receive(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://localhost:${address.port}/token`,
    received({ clientSecret, refreshToken }) {
      if (arrived.length === 0) return undefined;
      const text = arrived.map((request) => request.text).join(" ");
      const leaked = [
        ...(includes(text, refreshToken) ? ["refresh token"] : []),
        ...(includes(text, clientSecret) ? ["client secret"] : []),
      ];
      const methods = new Set(arrived.map((request) => request.method));
      arrived = [];
      return leaked.length > 0 ? leaked.join(" + ") : `${[...methods].join(", ")}, no secret`;
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Whether the value is in it, as it is or as a form, a URL or JSON writes it. */
function includes(text: string, value: string): boolean {
  const written = [value, encodeURIComponent(value), new URLSearchParams({ v: value }).toString().slice(2)];
  return [...written, JSON.stringify(value).slice(1, -1)].some((form) => text.includes(form));
}
