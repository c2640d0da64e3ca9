import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { textAnswer, type Answer } from "./fake/answers.js";
import type { GitBackend, GitCall } from "./fake/site.js";

/**
 * Serves real repositories with `git http-backend`: `{directory}/{workspace}/{repository}.git`, bare, made when it is first
 * asked for. It is called after the fake has let the caller in, so it authenticates no caller. Needs `git` on the PATH.
 */
export function createGitBackend(directory: string): GitBackend {
  const making = new Map<string, Promise<void>>();
  return async (call) => {
    const name = `${call.workspace}/${call.repository}.git`;
    const path = join(directory, name);
    // One at a time: two processes that clone at once must not make the repository twice.
    const made = making.get(path) ?? makeRepository(path);
    making.set(path, made);
    await made;
    return serve(directory, name, call);
  };
}

async function makeRepository(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await mkdir(dirname(path), { recursive: true });
  await promisify(execFile)("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
}

/** One request by CGI (RFC 3875): the body on stdin, headers and body on stdout. */
async function serve(directory: string, name: string, call: GitCall): Promise<Answer> {
  const { method, service, url, headers, body, remoteUser } = call;
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: "1",
      // The repositories of a test may belong to another user, as in a container.
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_CONFIG_KEY_1: "http.receivepack",
      GIT_CONFIG_VALUE_1: "true",
      PATH_INFO: `/${name}/${service}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: method,
      REMOTE_USER: remoteUser,
      REMOTE_ADDR: "127.0.0.1",
      CONTENT_TYPE: headers.get("content-type") ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: headers.get("git-protocol") ?? "",
    },
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new Error("`git` could not be started", { cause })));
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A backend that answers without reading closes its end.
  child.stdin.on("error", () => undefined);
  child.stdin.end(body);
  await Promise.race([once(child, "close"), failed]);
  return readCgi(new Uint8Array(Buffer.concat(chunks)));
}

function readCgi(output: Uint8Array<ArrayBuffer>): Answer {
  const text = new TextDecoder("latin1").decode(output);
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return textAnswer(500, "git http-backend answered nothing");
  const headers = new Map(
    text
      .slice(0, end)
      .split("\r\n")
      .map((line) => {
        const [name = "", ...value] = line.split(":");
        return [name.toLowerCase(), value.join(":").trim()];
      }),
  );
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return { status, headers: Object.fromEntries(headers), body: output.slice(end + 4) };
}
