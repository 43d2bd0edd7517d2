/**
 * Submitted data from any source as one {@link FormInput}: multi-dicts, URLSearchParams, FormData, Map, plain objects
 * and JSON. Names live in a Map, so `__proto__` is a name like any other.
 */
import { FormError } from "./errors.js";
import type { FormInput, FormValue, UploadLike } from "./types.js";

const maxDepth = 32;

/** A multi-dict in order of arrival. */
export class FormValues implements FormInput {
  readonly #values = new Map<string, FormValue[]>();

  append(name: string, value: FormValue): void {
    const known = this.#values.get(name);
    if (known === undefined) this.#values.set(name, [value]);
    else known.push(value);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  getAll(name: string): readonly FormValue[] {
    return this.#values.get(name) ?? [];
  }
}

/** Several inputs as one, earlier ones first (files, then fields). */
export function combineInputs(...inputs: readonly FormInput[]): FormInput {
  const combined = new FormValues();
  for (const input of inputs) {
    for (const name of input.keys()) for (const value of input.getAll(name)) combined.append(name, value);
  }
  return combined;
}

/**
 * Reads what `new SomeForm(input)` was given; `null` means "not submitted".
 *
 * @throws FormError `forms.async-input` for a request or context, whose body needs an await; `forms.input` for
 * anything that is no form data.
 */
export function toFormInput(input: unknown): FormInput | null {
  if (input === null || input === undefined) return null;
  // Nested forms get what the outer one has read.
  if (input instanceof FormValues) return input;
  if (typeof input === "object") {
    if (isRequestLike(input)) {
      throw new FormError(
        "forms.async-input",
        "The body of a request cannot be read in a constructor: write `await SomeForm.create(c)` instead of `new SomeForm(c)`.",
      );
    }
    if (hasMethod(input, "getAll") && hasMethod(input, "keys")) return fromMultiDict(input, "getAll");
    if (hasMethod(input, "getlist") && hasMethod(input, "keys")) return fromMultiDict(input, "getlist");
    if (input instanceof Map) return fromEntries(input);
    if (!Array.isArray(input)) return fromEntries(Object.entries(input));
  }
  throw new FormError(
    "forms.input",
    `Form data must be a multi-dict, URLSearchParams, FormData, Map or plain object, not ${describe(input)}.`,
  );
}

/** JSON as form data: nested names join with `-`, list items also stand at `name-0`, `null` is an empty text. */
export function fromEntries(entries: Iterable<readonly [unknown, unknown]>): FormValues {
  const values = new FormValues();
  for (const [name, value] of entries) spread(values, String(name), value, 0);
  return values;
}

function spread(values: FormValues, name: string, value: unknown, depth: number): void {
  if (value === undefined || depth > maxDepth) return;
  if (value === null) values.append(name, "");
  else if (typeof value === "string" || typeof value === "boolean" || isUpload(value)) values.append(name, value);
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (typeof item !== "object" || item === null || isUpload(item)) spread(values, name, item, depth + 1);
      spread(values, `${name}-${index}`, item, depth + 1);
    }
  } else if (value instanceof Date) values.append(name, value.toISOString());
  else if (typeof value === "object") {
    for (const [key, item] of Object.entries(value)) spread(values, `${name}-${key}`, item, depth + 1);
  } else if (typeof value === "number" || typeof value === "bigint") values.append(name, String(value));
}

function fromMultiDict(source: object, method: "getAll" | "getlist"): FormInput {
  const values = new FormValues();
  const keep = (name: string, value: unknown): void =>
    values.append(name, isUpload(value) || typeof value === "boolean" ? value : String(value));
  const dict = source as Record<string, (name?: string) => Iterable<unknown>>;
  if (hasMethod(source, "entries")) {
    for (const [name, value] of dict.entries!.call(source) as Iterable<[string, unknown]>) keep(name, value);
    return values;
  }
  for (const name of new Set(dict.keys!.call(source) as Iterable<string>)) {
    for (const value of dict[method]!.call(source, name)) keep(name, value);
  }
  return values;
}

/** Whether the value is a file: an object with a size in bytes. */
export function isUpload(value: unknown): value is UploadLike {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as UploadLike).size === "number" &&
    !(value instanceof Map) &&
    !(value instanceof Set)
  );
}

/** The name the browser sent with a file, an empty text when there is none. */
export function uploadName(file: UploadLike): string {
  return file.filename ?? file.name ?? "";
}

/** An empty file input arrives as a nameless file of size 0: that is no file. */
export function isSentFile(value: unknown): value is UploadLike {
  return isUpload(value) && (uploadName(value) !== "" || value.size > 0);
}

function isRequestLike(value: object): boolean {
  if (typeof Request !== "undefined" && value instanceof Request) return true;
  const face = value as { method?: unknown; request?: unknown; headers?: unknown };
  return (typeof face.method === "string" && typeof face.headers === "object") || isContextLike(value);
}

function isContextLike(value: object): boolean {
  const request = (value as { request?: unknown; req?: unknown }).request ?? (value as { req?: unknown }).req;
  return (
    typeof request === "object" && request !== null && typeof (request as { method?: unknown }).method === "string"
  );
}

function hasMethod(value: object, name: string): boolean {
  return typeof (value as Record<string, unknown>)[name] === "function";
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? (value?.constructor?.name ?? "an object") : `a ${typeof value}`;
}
