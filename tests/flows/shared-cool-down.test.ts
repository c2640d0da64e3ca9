import { createMemoryStorage } from "@bitbucket-auth/core";
import { expect, it, vi } from "vitest";
import { signedInApp } from "./signed-in-app.ts";

it("rests with a grant that another process was refused, without asking the storage for every caller", async () => {
  const storage = createMemoryStorage();
  const { mock, auth, another, tokenRequests } = await signedInApp({ storage });
  const other = another({ storage });
  mock.faults.when("token", { status: 503 });
  await mock.clock.advance("110m");
  const failed = [auth, other].map((each) => new Promise((resolve) => each.on("failed", resolve)));

  await auth.getAccessToken("alice");
  await failed[0];
  await other.getAccessToken("alice");
  await failed[1];

  const leases = vi.spyOn(storage, "tryLease");
  for (let call = 0; call < 20; call++)
    await expect(other.getAccessToken("alice")).resolves.toBeTypeOf("string");
  expect(leases).not.toHaveBeenCalled();
  expect(tokenRequests()).toBe(1);
});
