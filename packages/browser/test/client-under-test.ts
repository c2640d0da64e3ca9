import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import { BitBucketClient, type BitbucketClientOptions } from "../src/index.ts";
import { createFakePage, type FakePage } from "./fake-page.ts";

export const callbackUrl = "https://app.test/callback";

export interface ImplicitStage {
  readonly mock: BitbucketMock;
  readonly page: FakePage;
  /** For `new BitBucketClient()` and its subclasses. */
  readonly options: BitbucketClientOptions;
  readonly client: BitBucketClient;
  /** Answers the consent page as a user does, and opens the callback. */
  consent(decision?: "grant" | "cancel"): Promise<void>;
}

/** A page and a Bitbucket that still speaks the implicit grant. */
export function createImplicitStage(
  extra: Partial<BitbucketClientOptions> = {},
  mockOptions: BitbucketMockOptions = {},
): ImplicitStage {
  const mock = createBitbucketMock({
    profile: { implicitGrant: true },
    consumers: [{ clientId: "page-key", clientSecret: "page-secret", callbackUrl }],
    ...mockOptions,
  });
  const page = createFakePage();
  const { location, history, storage } = page;
  const options: BitbucketClientOptions = {
    client: { client_id: "page-key", redirect_uri: callbackUrl, scope: "account" },
    authorizationEndpoint: mock.urls.authorize,
    fetch: mock.fetch,
    clock: mock.clock,
    location,
    history,
    storage,
    ...extra,
  };
  return {
    mock,
    page,
    options,
    client: new BitBucketClient(options),
    async consent(decision = "grant") {
      const asked = page.visited.at(-1) ?? "";
      const answer = await mock.fetch(asked, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ decision }).toString(),
        redirect: "manual",
      });
      page.open(answer.headers.get("location") ?? asked);
    },
  };
}
