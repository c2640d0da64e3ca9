/** A table that promises to name everything a type has, and nothing else. */
export interface CompleteTable {
  /** The page, from the root. */
  readonly page: string;
  readonly heading: string;
  /** What makes the types below known. */
  readonly imports: string;
  /** A union of string literals: the names the table must have. */
  readonly names: string;
  /** Names that the table may have as well. */
  readonly optional?: string;
}

const core = (names: string): string => `import type { ${names} } from "@bitbucket-auth/core";`;

/** Every such table. A package without one is found out by the test. */
export const completeTables: readonly CompleteTable[] = [
  {
    page: "packages/core/README.md",
    heading: "Options of `createBitbucketAuth()`",
    imports: core("BitbucketAuthOptions"),
    names: "keyof BitbucketAuthOptions",
  },
  {
    page: "packages/core/README.md",
    heading: "Options of one call",
    imports: core("FetchForOptions, GetTokenOptions, KeepAliveOptions"),
    names: "keyof FetchForOptions | keyof GetTokenOptions | keyof KeepAliveOptions",
  },
  {
    page: "packages/core/README.md",
    heading: "Errors you will meet",
    imports: core("AnyBitbucketAuthError"),
    names: 'AnyBitbucketAuthError["code"]',
  },
  {
    page: "docs/guides/operating-it.md",
    heading: "Events, counters, alerts",
    imports: core("BitbucketAuthEvent"),
    names: "BitbucketAuthEvent",
  },
  {
    page: "docs/how-tokens-flow.md",
    heading: "The numbers you may turn",
    imports: core("RefreshPolicyOptions"),
    names: "keyof RefreshPolicyOptions",
  },
  {
    page: "docs/guides/move-from-bitbucket-auth-2017.md",
    heading: "Options, old and new",
    imports: core("TokenConfig"),
    names: "keyof TokenConfig",
  },
  {
    page: "packages/web/README.md",
    heading: "Options of `createBitbucketWeb()`",
    imports: 'import type { BitbucketWebOptions } from "@bitbucket-auth/web";',
    names: "keyof BitbucketWebOptions",
  },
  {
    page: "packages/express/README.md",
    heading: "Options of `bitbucketAuth()`",
    imports: 'import type { BitbucketMiddlewareOptions } from "@bitbucket-auth/express";',
    names: "keyof BitbucketMiddlewareOptions",
  },
  {
    page: "packages/express/README.md",
    heading: "Errors you will meet",
    imports: core("AnyBitbucketAuthError"),
    names: 'AnyBitbucketAuthError["code"]',
    optional: '"cross_site_request" | "proxy_refused"',
  },
  {
    page: "packages/storage-file/README.md",
    heading: "Options",
    imports: 'import type { FileStorageOptions } from "@bitbucket-auth/storage-file";',
    names: "keyof FileStorageOptions",
  },
  {
    page: "packages/storage-redis/README.md",
    heading: "Options",
    imports: 'import type { RedisStorageOptions } from "@bitbucket-auth/storage-redis";',
    names: "keyof RedisStorageOptions",
  },
  {
    page: "packages/storage-sql/README.md",
    heading: "Options",
    imports: 'import type { SqlStorageOptions } from "@bitbucket-auth/storage-sql";',
    names: "keyof SqlStorageOptions",
  },
  {
    page: "packages/api-v2/README.md",
    heading: "Options",
    imports: `${core("TokenConfig")} import type { AuthAPIOptions, ConfigAPIOptions, CredentialAPIOptions } from "@bitbucket-auth/api-v2";`,
    names:
      "keyof AuthAPIOptions | keyof CredentialAPIOptions | Exclude<keyof ConfigAPIOptions, keyof TokenConfig>",
    optional: "keyof TokenConfig",
  },
  {
    page: "packages/credentials/README.md",
    heading: "Options",
    imports:
      'import type { AccessTokenOptions, ApiTokenOptions, CredentialEnvironment, OAuthCredentialOptions } from "@bitbucket-auth/credentials";',
    names:
      "keyof AccessTokenOptions | keyof ApiTokenOptions | keyof CredentialEnvironment | keyof OAuthCredentialOptions",
  },
  {
    page: "packages/browser/README.md",
    heading: "Options of `createBitbucketClient()`",
    imports: 'import type { BitbucketClientOptions } from "@bitbucket-auth/browser";',
    names: "keyof BitbucketClientOptions",
  },
  {
    page: "docs/guides/test-your-app.md",
    heading: "The dialects",
    imports: 'import type { Profile } from "@bitbucket-auth/testing";',
    names: "keyof Profile",
  },
  {
    page: "packages/testing/README.md",
    heading: "Options of `createBitbucketMock()`",
    imports: 'import type { BitbucketMockOptions } from "@bitbucket-auth/testing";',
    names: "keyof BitbucketMockOptions",
  },
];
