import type { Session } from "./session.js";

const uuid = /^\{([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-([\da-f]{4})-([\da-f]{12})\}$/;
const timeLength = 6;
const uuidLength = 16;
const asUuid = 0;
const asText = 1;

/** Packs a session as tightly as it goes: a kind, the time, then the account, whose uuid takes 16 bytes. */
export function packSession({ account, issuedAt }: Session): Uint8Array {
  const time = Buffer.alloc(timeLength);
  time.writeUIntBE(issuedAt, 0, timeLength);
  const hex = uuid.exec(account)?.slice(1).join("");
  return hex === undefined
    ? Buffer.concat([Buffer.of(asText), time, Buffer.from(account)])
    : Buffer.concat([Buffer.of(asUuid), time, Buffer.from(hex, "hex")]);
}

/** Reads what `packSession` wrote; `undefined` for anything else. */
export function unpackSession(packed: Uint8Array): Session | undefined {
  const bytes = Buffer.from(packed);
  const rest = bytes.subarray(1 + timeLength);
  if (rest.length === 0) return undefined;
  const issuedAt = bytes.readUIntBE(1, timeLength);
  if (bytes[0] === asText) return { account: rest.toString(), issuedAt };
  if (bytes[0] !== asUuid || rest.length !== uuidLength) return undefined;
  const [a, b, c, d, e] = [
    [0, 4],
    [4, 6],
    [6, 8],
    [8, 10],
    [10, 16],
  ].map(([from, to]) => rest.subarray(from, to).toString("hex"));
  return { account: `{${a}-${b}-${c}-${d}-${e}}`, issuedAt };
}
