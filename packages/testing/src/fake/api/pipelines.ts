import { jsonAnswer, notFoundAnswer, noContent, type Answer } from "../answers.js";
import { randomUuid } from "../secrets.js";
import { inRepository, isRecord, type ApiRoute, type InternalCall } from "./call.js";
import { actor } from "./collections.js";
import { itemsAt, repositoryPath } from "./content.js";
import { page, type Resource } from "./resources.js";

/** Pipelines: they are started, looked at and stopped; nothing runs. */
export const pipelineRoutes: readonly ApiRoute[] = [
  inRepository("GET", "/pipelines", "pipeline", (call, repository) =>
    jsonAnswer(200, page(itemsAt(call.state, `${repositoryPath(repository)}/pipelines`), call.url, false)),
  ),
  inRepository("POST", "/pipelines", "pipeline:write", (call, repository) => {
    const place = `${repositoryPath(repository)}/pipelines`;
    const kept = itemsAt(call.state, place);
    const uuid = randomUuid();
    const pipeline: Resource = {
      type: "pipeline",
      uuid,
      build_number: kept.length + 1,
      creator: actor(call),
      repository: { type: "repository", full_name: `${repository.workspace}/${repository.slug}` },
      target: isRecord(call.body["target"]) ? call.body["target"] : {},
      trigger: { type: "pipeline_trigger_manual", name: "MANUAL" },
      state: { type: "pipeline_state_pending", name: "PENDING" },
      created_on: call.now,
      completed_on: null,
      build_seconds_used: 0,
      links: { self: { href: `${call.url.origin}/2.0${place}/${encodeURIComponent(uuid)}` } },
    };
    call.state.items.set(place, [...kept, pipeline]);
    return jsonAnswer(201, pipeline);
  }),
  withPipeline("GET", "", "pipeline", (call, pipeline) => jsonAnswer(200, pipeline)),
  withPipeline("POST", "/stopPipeline", "pipeline:write", (call, pipeline, place) => {
    const state = {
      type: "pipeline_state_completed",
      name: "COMPLETED",
      result: { type: "pipeline_state_completed_stopped", name: "STOPPED" },
    };
    const stopped = { ...pipeline, state, completed_on: call.now };
    call.state.items.set(
      place,
      itemsAt(call.state, place).map((other) => (other === pipeline ? stopped : other)),
    );
    return noContent;
  }),
  withPipeline("GET", "/steps", "pipeline", ({ url }, pipeline) =>
    jsonAnswer(
      200,
      page(
        [{ type: "pipeline_step", uuid: pipeline["uuid"], name: "Build and test", state: pipeline["state"] }],
        url,
        false,
      ),
    ),
  ),
  withPipeline("GET", "/steps/:step/log", "pipeline", () => ({
    status: 200,
    headers: { "content-type": "application/octet-stream" },
    body: "+ npm test\n",
  })),
];

function withPipeline(
  method: string,
  path: string,
  scope: string,
  answer: (call: InternalCall, pipeline: Resource, place: string) => Answer,
): ApiRoute {
  return inRepository(method, `/pipelines/:pipeline${path}`, scope, (call, repository) => {
    const place = `${repositoryPath(repository)}/pipelines`;
    const found = itemsAt(call.state, place).find(
      ({ uuid, build_number: number }) =>
        uuid === call.params["pipeline"] || String(number) === call.params["pipeline"],
    );
    return found ? answer(call, found, place) : notFoundAnswer();
  });
}
