import type { Fields } from "./build-call.js";
import { fieldText } from "./field-text.js";

/**
 * The fields of a `multipart/form-data` body, in UTF-8.
 *
 * A `Blob` or bytes are a file named after its field, a list is several parts of one name, and `files` with a map in it is
 * what a snippet wants: one part called `file` for each entry, named after it. Anything else is text. Paths are not opened.
 * Throws `InvalidOptionsError` for what has no text, such as a stream.
 */
export function formData(fields: Fields): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) append(form, name, one);
  }
  return form;
}

function append(form: FormData, name: string, value: unknown): void {
  const file = asFile(value);
  if (file) form.append(name, file, fileName(file) ?? name);
  else if (isMap(value)) {
    const part = name === "files" ? "file" : name;
    for (const [entry, content] of Object.entries(value))
      form.append(part, asFile(content) ?? textFile(content), entry);
  } else if (value != null) form.append(name, fieldText(value));
}

/** Whether it is an object that was written as one, and no `Date` or stream. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function textFile(content: unknown): Blob {
  return new Blob([fieldText(content)], { type: "text/plain;charset=utf-8" });
}

/** A file, when the value is one. */
export function asFile(value: unknown): Blob | undefined {
  if (value instanceof Blob) return value;
  if (value instanceof ArrayBuffer) return new Blob([value]);
  return ArrayBuffer.isView(value) ? new Blob([Uint8Array.from(bytesOf(value))]) : undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function fileName(file: Blob): string | undefined {
  return file instanceof File ? file.name : undefined;
}
