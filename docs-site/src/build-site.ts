import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Application } from "typedoc";
import { listDecisions } from "./decisions-index.ts";
import { namePages } from "./name-pages.ts";
import { everyPublishedModule } from "./published-modules.ts";
import { keepSignaturesReadable } from "./readable-signatures.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { root } from "./root.ts";
import { SiteFiles } from "./site-files.ts";
import { everySitePage, groups } from "./site-pages.ts";
import { SiteRouter } from "./site-router.ts";
import { validateComments } from "./validate-comments.ts";
import { validateExports } from "./validate-exports.ts";

const here = join(root, "docs-site");
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(here, "dist") },
    // Writes the site although something is wrong with it, for those who are writing a page. It still ends with 1.
    draft: { type: "boolean", default: false },
  },
});

const modules = await everyPublishedModule();
const pages = everySitePage();

const app = await Application.bootstrap({
  name: "Bitbucket Auth",
  plugin: [],
  tsconfig: join(here, "tsconfig.json"),
  basePath: root,
  readme: join(root, "README.md"),
  entryPoints: modules.map(({ sourceFile }) => sourceFile),
  projectDocuments: [...pages.keys()],
  validation: {
    notExported: false,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: false,
    unusedMergeModuleWith: true,
  },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  disableSources: true,
  excludeExternals: true,
  // Order: as the entry points and documents are given. Within a module by kind, then by name.
  sortEntryPoints: false,
  groupOrder: [...groups, "Functions", "Classes", "Interfaces", "Type Aliases", "Variables", "*"],
  navigation: {
    includeGroups: true,
    includeCategories: false,
    includeFolders: false,
    compactFolders: false,
    excludeReferences: true,
  },
  router: "site",
  headings: { readme: false, document: false },
  lightHighlightTheme: "github-light-default",
  darkHighlightTheme: "github-dark-default",
  highlightLanguages: [
    "bash",
    "console",
    "css",
    "diff",
    "dockerfile",
    "html",
    "http",
    "ini",
    "javascript",
    "json",
    "jsonc",
    "lua",
    "tsx",
    "typescript",
    "yaml",
  ],
  markdownItLoader: renderMarkdown,
  useFirstParagraphOfCommentAsSummary: true,
  searchInComments: true,
  searchInDocuments: true,
  favicon: join(here, "favicon.svg"),
  customCss: join(here, "style.css"),
  customJs: join(here, "open-navigation.js"),
  includeHierarchySummary: false,
  hideGenerator: true,
  githubPages: false,
});
app.files = new SiteFiles();
app.renderer.defineRouter("site", SiteRouter);
namePages(app, pages, modules);
listDecisions(app);
keepSignaturesReadable(app);

const project = await app.convert();
if (project) {
  app.validate(project);
  validateComments(app, project);
  validateExports(app, project, modules);
  if (values.draft || isClean()) await app.generateDocs(project, resolve(values.out));
}
if (!isClean()) process.exitCode = 1;

function isClean(): boolean {
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}
