/** An environment variable where the runtime has them (Node, Bun, Deno); `undefined` elsewhere and for empty ones. */
export function environmentVariable(name: string): string | undefined {
  const value = property(property(property(globalThis, "process"), "env"), name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
