import { seededRandom } from "./seeded-random.ts";

/** Lets the seed decide every token and every id as well, until undone: a refresh ahead of need hangs on the token's letters. */
export function seedCrypto(seed: number): () => void {
  const random = seededRandom(~seed);
  const fill = (bytes: Uint8Array): void => {
    for (const at of bytes.keys()) bytes[at] = random() * 256;
  };
  Object.assign(crypto, {
    getRandomValues<T extends ArrayBufferView>(into: T): T {
      fill(new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
      return into;
    },
    randomUUID(): string {
      const bytes = new Uint8Array(16);
      fill(bytes);
      return Buffer.from(bytes)
        .toString("hex")
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    },
  });
  return () => {
    for (const name of ["getRandomValues", "randomUUID"]) Reflect.deleteProperty(crypto, name);
  };
}
