/** What one token's share of the jitter hangs on: its last characters, where tokens differ. */
const lengthThatCounts = 16;

/**
 * A number in [0, 1): how much of the jitter falls to this token in this process.
 *
 * The same whenever it is asked for, another for the next token of the grant and for every other grant (FNV-1a over the end
 * of the token), and turned by the process's own share, so that processes do not line up either.
 */
export function jitterShare(accessToken: string, processShare: number): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, accessToken.length - lengthThatCounts); at < accessToken.length; at++)
    hash = Math.imul(hash ^ accessToken.charCodeAt(at), 0x01000193);
  return ((hash >>> 0) / 2 ** 32 + processShare) % 1;
}
