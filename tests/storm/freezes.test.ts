import { describeFreezes } from "./describe-freezes.ts";
import { quickStoragesOnce } from "./storm-storage.ts";

// Every storage, and every kind of server. `every-step.long.test.ts` crosses the two.
describeFreezes({
  leeway: quickStoragesOnce.filter((name) => name === "file"),
  strict: quickStoragesOnce.filter((name) => name !== "file"),
});
