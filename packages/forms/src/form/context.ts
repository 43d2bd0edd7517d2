/** From a request to form data: contexts of @athanor/web, Hono's contexts, and the web's own `Request`. */
import { requestCsrf } from "../csrf/provider.js";
import { combineInputs, FormValues, fromEntries, toFormInput } from "../input.js";
import type { CsrfProvider, FormInput } from "../types.js";
import { type Context, findContext } from "../web.js";

const submitMethods = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** What a form learns from a request; `submitted` is undefined when there was none. */
export interface RequestData {
  readonly input: FormInput | null;
  readonly csrf: CsrfProvider | null;
  readonly submitted: boolean | undefined;
}

/** The CSRF provider of the running request, if there is one. */
export function ambientCsrf(): CsrfProvider | null {
  const context = findContext();
  return context === undefined ? null : requestCsrf(context);
}

/**
 * Reads a request. Anything that is no request is taken as form data itself.
 *
 * @param readBody false leaves the body alone, because the form brings its own data
 */
export async function readContext(given: unknown, readBody: boolean): Promise<RequestData> {
  const context = given ?? findContext();
  if (context === undefined || context === null) return { input: null, csrf: null, submitted: undefined };
  if (isWebContext(context)) {
    const submitted = submitMethods.has(context.request.method);
    const input = submitted && readBody ? await readAppRequest(context.request) : null;
    return { input, csrf: requestCsrf(context), submitted };
  }
  const request = rawRequest(context);
  if (request === null) return { input: toFormInput(context), csrf: ambientCsrf(), submitted: undefined };
  const submitted = submitMethods.has(request.method);
  return { input: submitted && readBody ? await readRequest(request) : null, csrf: ambientCsrf(), submitted };
}

function isWebContext(value: object): value is Context {
  const request = (value as { request?: { method?: unknown; form?: unknown } }).request;
  return (
    typeof request === "object" &&
    request !== null &&
    typeof request.method === "string" &&
    typeof request.form === "function"
  );
}

/** Files and fields together, or JSON; an empty body is still a submission. */
async function readAppRequest(request: Context["request"]): Promise<FormInput> {
  if (request.isJson) return fromJson(await request.json());
  const files = toFormInput(await request.files());
  const fields = toFormInput(await request.form());
  return combineInputs(...[files, fields].filter((input) => input !== null));
}

interface BodyFace {
  readonly method: string;
  readonly headers: Headers;
  formData(): Promise<FormData>;
  json(): Promise<unknown>;
}

// Hono's request caches what it has parsed, so it is preferred to the raw one it wraps.
function rawRequest(value: object): BodyFace | null {
  if (value instanceof Request) return value;
  const { req } = value as { req?: { method?: unknown; raw?: unknown; formData?: unknown; json?: unknown } };
  if (typeof req !== "object" || req === null || !(req.raw instanceof Request)) return null;
  const { raw } = req;
  const hono = req as unknown as Pick<BodyFace, "formData" | "json">;
  return { method: raw.method, headers: raw.headers, formData: () => hono.formData(), json: () => hono.json() };
}

async function readRequest(request: BodyFace): Promise<FormInput> {
  const type = (request.headers.get("content-type") ?? "").toLowerCase();
  if (/^application\/(?:[\w.-]+\+)?json\b/.test(type)) return fromJson(await request.json());
  const isForm = type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded");
  return (isForm ? toFormInput(await request.formData()) : null) ?? new FormValues();
}

function fromJson(body: unknown): FormInput {
  return typeof body === "object" && body !== null && !Array.isArray(body)
    ? fromEntries(Object.entries(body))
    : new FormValues();
}
