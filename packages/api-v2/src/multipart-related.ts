import type { Fields } from "./build-call.js";
import { fieldText, refuseField } from "./field-text.js";
import { asFile, isMap } from "./form-data.js";

/**
 * A `multipart/related` body (RFC 2387) as Bitbucket's snippets want it: a JSON part that names the files, then each file
 * under its name. `files` is a map of names to text, bytes or `Blob`s.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-post
 */
export function multipartRelated(fields: Fields): { headers: Record<string, string>; body: Blob } {
  const boundary = `bitbucket-auth-${crypto.randomUUID()}`;
  const { files = {}, ...rest } = fields;
  const entries = Object.entries(isMap(files) ? files : refuseField());
  const names = Object.fromEntries(entries.map(([name]) => [name, {}]));
  const description = JSON.stringify(entries.length > 0 ? { ...rest, files: names } : rest);
  const parts: BlobPart[] = [
    head(boundary, "snippet", "application/json; charset=utf-8"),
    description,
    ...entries.flatMap(([name, content]): BlobPart[] => {
      const file = asFile(content);
      const type = file ? file.type || "application/octet-stream" : "text/plain; charset=utf-8";
      return [head(boundary, name, type, name), file ?? fieldText(content)];
    }),
    `\r\n--${boundary}--\r\n`,
  ];
  return {
    headers: { "content-type": `multipart/related; boundary="${boundary}"; start="snippet"` },
    body: new Blob(parts),
  };
}

function head(boundary: string, id: string, type: string, fileName?: string): string {
  const lines = [
    `\r\n--${boundary}`,
    `Content-Type: ${oneLine(type)}`,
    "MIME-Version: 1.0",
    `Content-ID: ${oneLine(id)}`,
    "Content-Transfer-Encoding: binary",
    ...(fileName === undefined ? [] : [`Content-Disposition: attachment; filename="${oneLine(fileName)}"`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A name cannot end its header and begin another. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n"]/g, "_");
}
