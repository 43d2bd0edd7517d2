/**
 * The errors of the template engine. Each one knows the template, the line and an excerpt of the source around it, so
 * that an error page can show the template instead of generated JavaScript.
 */
import { AthanorError } from "@athanor/core";

/** Where in a template something went wrong. */
export interface TemplateLocation {
  /** Name of the template, or `<string>` for templates given as text. */
  readonly template: string;
  /** Line in the template, from 1. */
  readonly line: number;
  /** A few numbered source lines; the culprit is marked with `>`. */
  readonly excerpt: string;
}

/** Cuts the lines around `line` (from 1) out of a source text, numbered, the line itself marked with `>`. */
export function excerptOf(source: string, line: number, around = 2): string {
  const lines = source.split(/\r\n|\r|\n/);
  const first = Math.max(1, line - around);
  const last = Math.min(lines.length, line + around);
  const width = String(last).length;
  const out: string[] = [];
  for (let n = first; n <= last; n++) {
    out.push(`${n === line ? ">" : " "} ${String(n).padStart(width)} | ${lines[n - 1] ?? ""}`);
  }
  return out.join("\n");
}

/** Base of all template errors. `template`, `line` and `excerpt` are empty until the failing template is known. */
export class TemplateError extends AthanorError {
  template: string | undefined;
  line: number | undefined;
  excerpt: string | undefined;
  /** The message without its location. */
  readonly reason: string;

  constructor(code: string, reason: string, options?: { readonly cause?: unknown }) {
    super(code, reason, options);
    this.reason = reason;
  }

  /** Says where it happened; the first call wins, because the innermost template is the one to look at. */
  locate(where: TemplateLocation): this {
    if (this.template !== undefined) return this;
    this.template = where.template;
    this.line = where.line;
    this.excerpt = where.excerpt;
    const before = this.message;
    this.message = `${this.reason} (${where.template}, line ${where.line})\n${where.excerpt}`;
    // The stack may be made on first access only, and then holds the new message already.
    if (this.stack !== undefined && !this.stack.includes(this.message))
      this.stack = this.stack.replace(before, () => this.message);
    return this;
  }
}

/** The template cannot be parsed or compiled. */
export class TemplateSyntaxError extends TemplateError {
  constructor(reason: string, where?: TemplateLocation) {
    super("template.syntax", reason);
    if (where !== undefined) this.locate(where);
  }
}

/** No loader knows the name. `searched` lists every place that was looked at. */
export class TemplateNotFound extends TemplateError {
  readonly names: readonly string[];
  readonly searched: readonly string[];
  constructor(names: readonly string[], searched: readonly string[], hint = "") {
    const what =
      names.length === 1
        ? `Template '${names[0]}' was not found.`
        : `None of the templates ${names.map((n) => `'${n}'`).join(", ")} was found.`;
    const where =
      searched.length === 0
        ? " Nothing was searched: the environment has no loader."
        : ` Searched: ${searched.join(", ")}.`;
    super("template.not-found", what + hint + where);
    this.names = names;
    this.searched = searched;
  }
}

/** Something wrong that only shows while rendering: bad operands, bad arguments, cycles. */
export class TemplateRuntimeError extends TemplateError {
  constructor(reason: string, code = "template.runtime", options?: { readonly cause?: unknown }) {
    super(code, reason, options);
  }
}

/** An undefined value was used where only a real one makes sense. */
export class UndefinedError extends TemplateRuntimeError {
  constructor(reason: string) {
    super(reason, "template.undefined");
  }
}

/** Endless recursion would only repeat the same lines. */
const MAX_FRAMES = 30;
const frames = new WeakMap<object, TemplateLocation[]>();

/**
 * The template lines an error passed through, innermost first. Errors thrown by the application's own functions keep
 * their class and identity (an `abort(404)` inside a template stays one); this is how their place is found.
 */
export function templateFrames(error: unknown): readonly TemplateLocation[] {
  return (typeof error === "object" && error !== null && frames.get(error)) || [];
}

/** Notes on `error` that it passed `where`; returns what has to be thrown on. */
export function traceError(error: unknown, where: TemplateLocation): unknown {
  if (typeof error !== "object" || error === null) return error;
  const known = frames.get(error);
  if (known === undefined) frames.set(error, [where]);
  else if (known.length >= MAX_FRAMES) return error;
  else known.push(where);
  if (error instanceof TemplateError) error.locate(where);
  if (error instanceof Error && typeof error.stack === "string" && Object.isExtensible(error)) {
    // Above the first JavaScript frame: the template is what the reader wrote.
    const line = `    at template "${where.template}" (${where.template}:${where.line})\n`;
    const count = known === undefined ? 0 : known.length - 1;
    const rows = error.stack.split("\n");
    const first = rows.findIndex((row) => /^\s+at /.test(row));
    if (first >= 0) rows.splice(first + count, 0, line.slice(0, -1));
    try {
      error.stack = rows.join("\n");
    } catch {
      // A read-only stack is the error's own business; the frames above are kept anyway.
    }
  }
  return error;
}
