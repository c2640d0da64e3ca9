import type { Clock } from "@bitbucket-auth/core";
import type { JsonFields } from "../json-fields.js";
import type { CreateStormClient, StormClient, StormSetup } from "./storm-client.js";
import { fetchAtPoints, storageAtPoints, type ReachPoint } from "./storm-points.js";

/** What the worker lends its client. */
export interface WorkerParts {
  readonly clock: Clock;
  readonly reach: ReachPoint;
  readonly count: (name: string) => void;
}

/** Loads the module that a storm was given and makes the client of this process. */
export async function loadClient(
  order: JsonFields,
  { clock, reach, count }: WorkerParts,
): Promise<StormClient> {
  const path = order.string("worker");
  const module: unknown = await import(path);
  if (typeof module !== "object" || module === null || !("createClient" in module))
    throw new TypeError(`${path} exports no createClient`);
  const { createClient } = module;
  if (!isFactory(createClient)) throw new TypeError(`createClient of ${path} is not a function`);
  const settings = order.fields("settings");
  return createClient({
    clientOptions: { ...readClientOptions(order.fields("clientOptions"), reach), clock },
    atPoints: (storage) => storageAtPoints(storage, reach),
    settings: Object.fromEntries(settings.entries.map(([name]) => [name, settings.string(name)])),
    count,
  });
}

function isFactory(value: unknown): value is CreateStormClient {
  return typeof value === "function";
}

function readClientOptions(
  options: JsonFields,
  reach: ReachPoint,
): Omit<StormSetup["clientOptions"], "clock"> {
  const endpoints = options.fields("endpoints");
  const tokenUrl = endpoints.string("tokenUrl");
  return {
    clientId: options.string("clientId"),
    clientSecret: options.string("clientSecret"),
    endpoints: {
      authorizationUrl: endpoints.string("authorizationUrl"),
      tokenUrl,
      apiUrl: endpoints.string("apiUrl"),
    },
    fetch: fetchAtPoints((input, init) => globalThis.fetch(input, init), tokenUrl, reach),
    logging: false,
  };
}
