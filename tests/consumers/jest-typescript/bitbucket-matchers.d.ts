import type { BitbucketJestMatchers } from "@bitbucket-auth/testing/jest";

declare module "expect" {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends BitbucketJestMatchers<R> {}
}
