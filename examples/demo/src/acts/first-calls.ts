import { readApiError } from "@bitbucket-auth/core";
import { jsonMember, textMember } from "../json-member.ts";
import type { Stage } from "../stage.ts";

/** Asks the API who is signed in and which workspaces they see. Answers their name. */
export async function firstCalls({
  auth,
  account,
  timeline,
}: Pick<Stage, "auth" | "account" | "timeline">): Promise<string> {
  const fetchAsUser = auth.fetchFor(account);
  const get = async (path: string): Promise<unknown> => {
    const response = await fetchAsUser(path);
    if (!response.ok) throw await readApiError(response);
    return response.json();
  };

  const name = textMember(await get("/2.0/user"), "display_name");
  timeline.tell(`GET /2.0/user             ${name}`);
  const workspaces = jsonMember(await get("/2.0/user/workspaces"), "values");
  const slugs = Array.isArray(workspaces)
    ? workspaces.map((access: unknown) => textMember(jsonMember(access, "workspace"), "slug"))
    : [];
  timeline.tell(`GET /2.0/user/workspaces  ${slugs.join(", ") || "none"}`);
  return name;
}
