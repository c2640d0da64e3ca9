import express, { type Request, type RequestHandler } from "express";
import { describe, expectTypeOf, it } from "vitest";
import { requireBitbucket, type BitbucketRequest } from "@bitbucket-auth/express";

const plain: RequestHandler = (_req, _res, next) => next();
const showsAccount = (req: Request): string | undefined => req.bitbucket?.account;

describe("the type of req.bitbucket", () => {
  const app = express();

  it("may be nothing in a route without a guard", () => {
    app.get("/", (req) => expectTypeOf(req.bitbucket).toEqualTypeOf<BitbucketRequest | undefined>());
    // @ts-expect-error -- without a guard there may be no user
    app.get("/", (req, res) => void res.json(req.bitbucket.account));
  });

  it("is there behind requireBitbucket(), in whatever way the route is written", () => {
    app.get("/:id", requireBitbucket(), (req, res) => {
      expectTypeOf(req.bitbucket).toEqualTypeOf<BitbucketRequest>();
      res.json({ id: req.params["id"], page: req.query["page"], body: req.body });
    });
    app.post("/", express.json(), requireBitbucket({ as: "api" }), (req, res) => {
      expectTypeOf(req.bitbucket).toEqualTypeOf<BitbucketRequest>();
      res.locals["note"] = showsAccount(req);
    });
    express
      .Router()
      .route("/:id")
      .get(requireBitbucket(), (req) => expectTypeOf(req.bitbucket).toEqualTypeOf<BitbucketRequest>());
  });

  it("keeps the guard usable wherever a handler is", () => {
    expectTypeOf(requireBitbucket()).toBeFunction();
    app.use(requireBitbucket());
    app.get("/", requireBitbucket(), plain);
    app.get("/", plain, requireBitbucket());
  });
});
