import { describe, expect, it } from "vitest";
import { page } from "../src/pagination.ts";

const list = "https://api.bitbucket.org/2.0/repositories/acme";

function at(query: string, length = 20): Record<string, unknown> {
  const items = Array.from({ length }, (_, index) => index);
  return page(items, new URL(list + query));
}

describe("page()", () => {
  it("shows ten items when nothing is asked for", () => {
    expect(at("")).toEqual({
      values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      pagelen: 10,
      size: 20,
      page: 1,
      next: `${list}?page=2`,
    });
  });

  it("ends where the list ends, without a next", () => {
    expect(at("?page=2")).not.toHaveProperty("next");
    expect(at("", 10)).not.toHaveProperty("next");
    expect(at("", 0)).toEqual({ values: [], pagelen: 10, size: 0, page: 1 });
  });

  it("keeps the other parameters on the way there and back", () => {
    expect(at("?q=x&pagelen=5&page=2")).toMatchObject({
      next: `${list}?q=x&pagelen=5&page=3`,
      previous: `${list}?q=x&pagelen=5&page=1`,
    });
  });

  it.each(["?pagelen=0", "?pagelen=-1", "?pagelen=x", "?page=0", "?page=1.5"])(
    "takes %s for nothing said",
    (query) => {
      expect(at(query)).toMatchObject({ pagelen: 10, page: 1 });
    },
  );
});
