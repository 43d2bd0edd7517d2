/** Rendering and validation against python3-wtforms, byte for byte; see corpus/generate.py. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as forms from "../src/index.js";

type Json = Record<string, unknown>;
interface Case {
  readonly kind: string;
  readonly label: string | null;
  readonly opts: Json;
  readonly submit: [string, string][] | null;
  readonly data: unknown;
  readonly attrs: forms.Attributes;
  readonly prefix: string;
  readonly other: boolean;
  readonly expect: Json;
  readonly ours?: Json & { readonly why: string; readonly skipBuild?: unknown[] };
}
const corpus = JSON.parse(readFileSync(new URL("./corpus/corpus.json", import.meta.url), "utf8")) as { cases: Case[] };

class Address extends forms.Form({
  street: forms.stringField("Street", { validators: [forms.dataRequired()] }),
  zip: forms.stringField("Zip", { validators: [forms.length({ min: 3, max: 5 })] }),
  token: forms.hiddenField("Token"),
}) {}

// The corpus names factories; their arguments are data, so types stop here.
type Loose = (...args: unknown[]) => never;
const library = forms as unknown as Record<string, Loose>;

function validator([name, ...args]: [string, ...unknown[]], replaced: unknown[] | undefined): never {
  if (replaced !== undefined && replaced[0] === name) args = replaced.slice(1);
  const [first, second] = args;
  if (name === "anyOf" || name === "noneOf")
    return library[name]!(first, second === undefined ? {} : { message: second });
  return library[name]!(...args);
}

function build(kind: string, label: string | null, given: Json, replaced?: unknown[]): never {
  const options: Json = { ...given };
  if (Array.isArray(options.validators)) options.validators = options.validators.map((v) => validator(v, replaced));
  const named = label === null ? {} : { label };
  if (kind === "form") return library.formField!(Address, { ...options, ...named });
  if (kind === "list") {
    const [innerKind, innerLabel, innerOptions] = options.of as [string, string, Json];
    delete options.of;
    return library.fieldList!(build(innerKind, innerLabel, innerOptions), { ...options, ...named });
  }
  return library[`${kind}Field`]!(label ?? undefined, options);
}

for (const [index, c] of corpus.cases.entries()) {
  const title = `${index} ${c.kind} ${JSON.stringify(c.opts)} ${JSON.stringify(c.submit)} ${JSON.stringify(c.data)}`;
  test(c.ours ? `${title} (deliberately other: ${c.ours.why})` : title, async () => {
    const fields: Record<string, never> = { x: build(c.kind, c.label, c.opts, c.ours?.skipBuild) };
    if (c.other) fields.other = forms.stringField("Other one") as never;
    const CorpusForm = forms.Form(fields as unknown as { x: forms.Unbound<unknown> });
    const form = new CorpusForm(c.submit === null ? null : new URLSearchParams(c.submit), {
      prefix: c.prefix,
      ...(c.data !== null && { data: { x: c.data } }),
    });
    const seen: Json = { html: String(form.x(c.attrs)), label: String(form.x.label), value: form.data.x };
    seen.valid = await form.validate();
    seen.errors = form.x.errors;
    seen.again = String(form.x);
    const { why: _why, skipBuild: _skip, ...differences } = c.ours ?? { why: "" };
    for (const [key, wanted] of Object.entries({ ...c.expect, ...differences }))
      expect([key, seen[key]]).toEqual([key, wanted]);
  });
}
