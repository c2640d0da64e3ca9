import {
  Converter,
  QueryType,
  ReferenceType,
  type Application,
  type ProjectReflection,
  type Reflection,
  type ReflectionType,
  type SomeType,
} from "typedoc";

/** Shows signatures as they are written: `typeof fetch` for its overloads, and a name for what is taken apart at once. */
export function keepSignaturesReadable({ converter }: Application): void {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) nameFetch(project, reflection);
  });
  converter.on(Converter.EVENT_CREATE_PARAMETER, (_context, parameter) => {
    if (parameter.name === "__namedParameters") parameter.name = "options";
  });
}

function nameFetch(project: ProjectReflection, reflection: Reflection): void {
  if (!reflection.isDeclaration() && !reflection.isSignature()) return;
  if (!isFetch(reflection.type)) return;
  project.removeReflection(reflection.type.declaration);
  reflection.type = new QueryType(ReferenceType.createBrokenReference("fetch", project, undefined));
}

function isFetch(type: SomeType | undefined): type is ReflectionType {
  if (type?.type !== "reflection") return false;
  const { signatures = [] } = type.declaration;
  return (
    signatures.length > 0 &&
    signatures.every(
      (signature) =>
        signature.parameters?.map(({ name }) => name).join() === "input,init" &&
        signature.type?.toString() === "Promise<Response>",
    )
  );
}
