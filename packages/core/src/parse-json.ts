/** Reads JSON from outside: `undefined` when it is none. What is in it has not been checked. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
