import type { Application, ProjectReflection } from "typedoc";
import type { PublishedModule } from "./published-modules.ts";

// What is only handed on: a snapshot goes back as it came, the clients of databases are made by their own
// libraries, and what express takes is described in web.
const unnamed: Readonly<Record<string, string[]>> = {
  "@bitbucket-auth/express": ["AnyRequest"],
  // As express hands them on: in the pages of web they are described.
  // `Seen` stands behind a symbol that only the adapters have.
  "@bitbucket-auth/web": ["ApiSource", "CookieOptions", "GuardOptions", "ProblemReport", "Routes", "Seen"],
  "@bitbucket-auth/testing": ["MockState", "Told"],
  "@bitbucket-auth/storage-redis": [
    "IoredisSubscriber",
    "NodeRedisSubscriber",
    "SendsCommands",
    "SendsPipelines",
  ],
  "@bitbucket-auth/storage-sql": ["Mysql2Query", "PooledMysql2Connection", "SqliteStatement"],
};

/**
 * Every type that an exported name uses is exported, too.
 *
 * typedoc looks at one package, the project's own. Here there are many, and each has its turn.
 */
export function validateExports(
  app: Application,
  project: ProjectReflection,
  modules: readonly PublishedModule[],
): void {
  const { packageName } = project;
  const validation = app.options.getValue("validation");
  const none = { invalidLink: false, invalidPath: false, rewrittenLink: false, unusedMergeModuleWith: false };
  app.options.setValue("validation", { ...none, notDocumented: false, notExported: true });
  for (const name of new Set(modules.map((module) => module.packageName))) {
    project.packageName = name;
    app.options.setValue("intentionallyNotExported", unnamed[name] ?? []);
    app.validate(project);
  }
  app.options.setValue("validation", validation);
  if (packageName !== undefined) project.packageName = packageName;
}
