import type { Application, DeclarationReflection, ProjectReflection } from "typedoc";

/**
 * Every exported name says what it is for.
 *
 * typedoc's own check asks that of every method, too; we do not comment a method that says it all by its name and types.
 */
export function validateComments({ logger }: Application, project: ProjectReflection): void {
  for (const module of project.children ?? [])
    for (const name of module.children ?? [])
      if (!name.isReference() && !isDocumented(name))
        logger.validationWarning(`${name.getFullName()} is exported and has no doc comment`);
}

function isDocumented(name: DeclarationReflection): boolean {
  return [name, ...name.getAllSignatures()].some((declared) => declared.hasComment());
}
