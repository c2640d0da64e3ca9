/**
 * What core uses of `zod/mini` to read an answer of the token endpoint, and nothing more. The bundle has this in its place
 * (rolldown.config.js): the schemas are core's own. Their verdicts on every malformed answer are compared with core's in a test.
 */
export interface Schema {
  /** The names of what is wrong, outermost first: `[]` when it is the value itself. `undefined`: nothing is. */
  readonly fault: (value: unknown) => readonly string[] | undefined;
  check(...rules: readonly Rule[]): Schema;
  safeParse(value: unknown): Parsed;
}

/** A rule on top of a type. */
export type Rule = (value: unknown) => boolean;

/** As zod answers: `data` is the value itself, with whatever else was in it. */
export type Parsed =
  | { readonly success: true; readonly data: unknown }
  | {
      readonly success: false;
      readonly error: { readonly issues: readonly [{ readonly path: readonly string[] }] };
    };

function schema(fault: Schema["fault"]): Schema {
  return {
    fault,
    check: (...rules) =>
      schema((value) => fault(value) ?? (rules.every((rule) => rule(value)) ? undefined : [])),
    safeParse(data) {
      const path = fault(data);
      return path ? { success: false, error: { issues: [{ path }] } } : { success: true, data };
    },
  };
}

function schemaOf(holds: Rule): Schema {
  return schema((value) => (holds(value) ? undefined : []));
}

export const string = (): Schema => schemaOf((value) => typeof value === "string");
/** Finite: JSON can spell numbers that are not. */
export const number = (): Schema => schemaOf(Number.isFinite);
export const never = (): Schema => schemaOf(() => false);
export const regex =
  (pattern: RegExp): Rule =>
  (value) =>
    typeof value === "string" && pattern.test(value);
export const gte =
  (least: number): Rule =>
  (value) =>
    typeof value === "number" && value >= least;
export const lte =
  (most: number): Rule =>
  (value) =>
    typeof value === "number" && value <= most;

export const optional = ({ fault }: Schema): Schema =>
  schema((value) => (value === undefined ? undefined : fault(value)));

/** An object that is no array; fields that are not named are left alone. */
export const object = (fields: Readonly<Record<string, Schema>>): Schema =>
  schema((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    for (const [name, { fault }] of Object.entries(fields)) {
      const inner = fault(Reflect.get(value, name));
      if (inner) return [name, ...inner];
    }
    return undefined;
  });
