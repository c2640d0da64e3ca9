import { createHash } from "node:crypto";

/** Makes SHA-256 end within its call, until undone: the platform's own comes back from another thread whenever it likes. */
export function digestAtOnce(): () => void {
  const { subtle } = crypto;
  subtle.digest = async (_algorithm, data) => {
    const digest = createHash("sha256")
      .update(new Uint8Array(data as Uint8Array<ArrayBuffer>))
      .digest();
    return new Uint8Array(digest).buffer;
  };
  return () => void Reflect.deleteProperty(subtle, "digest");
}
