import { hkdfSync } from "node:crypto";
import { CompactEncrypt } from "jose";

/** The bytes of a session as versions without `signedInAt` wrote them: they name an account and a time, and nothing secret. */
export function packSession({ account, issuedAt }: { account: string; issuedAt: number }): Buffer {
  const time = Buffer.alloc(6);
  time.writeUIntBE(issuedAt, 0, 6);
  return Buffer.concat([Buffer.of(0), time, Buffer.from(account.replaceAll(/[{}-]/g, ""), "hex")]);
}

/** Seals a cookie as the package does, with a secret of one's own. */
export async function sealCookie(content: Uint8Array, secret: string, purpose: string): Promise<string> {
  const key = new Uint8Array(hkdfSync("sha256", secret, "", `bitbucket-auth ${purpose}`, 32));
  return new CompactEncrypt(content).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(key);
}
