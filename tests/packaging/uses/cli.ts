import { spawnSync } from "node:child_process";
import { join } from "node:path";

// It has no entry to import: what is used is its program.
const program = join("node_modules", "@bitbucket-auth", "cli", "dist", "main.js");
const { status, stdout, stderr } = spawnSync(process.execPath, [program, "--help"], { encoding: "utf8" });
if (status !== 0 || stderr !== "" || !stdout.startsWith("Usage: bitbucket-auth"))
  throw new Error(`${status}: ${stderr}`);
