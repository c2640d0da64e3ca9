import { Router } from "express";
import type { FakeControls } from "./fake-bitbucket.ts";

/** The buttons. Pages of other sites may not press them. */
export function fakeRoutes(fake: FakeControls, baseUrl: string): Router {
  const router = Router();
  router.use((req, res, next) => {
    const { origin, "sec-fetch-site": site } = req.headers;
    if (site === "same-origin" || (site === undefined && origin === new URL(baseUrl).origin)) next();
    else res.sendStatus(403);
  });
  router.post("/two-hours", async (_req, res) => {
    await fake.passTwoHours();
    res.redirect(303, "/");
  });
  router.post("/revoke", async (_req, res) => {
    await fake.revoke();
    res.redirect(303, "/");
  });
  return router;
}
