/** The statements of a scope with their times and the line of the app that asked. Source: Flask-SQLAlchemy "Recording Query Information". */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "@athanor/core";
import { currentScope, type Scope, slotKey } from "../scope/scope.js";

/** One statement as sent. Times are milliseconds since 1970 with fractions, `duration` is milliseconds. */
export interface RecordedQuery {
  readonly statement: string;
  readonly parameters: readonly unknown[];
  readonly startTime: number;
  readonly endTime: number;
  readonly duration: number;
  /**
   * "file:line:column (function)" of the code that asked: the nearest frame outside the libraries, else the last line
   * that used `db.session` or `User.query()` in this scope, since statements that wait their turn have no such frame.
   */
  readonly location: string;
}

const RECORDED = slotKey<RecordedQuery[]>("recorded queries");
const CALLER = slotKey<string>("last use of the session");

/** Remembers the code that is using the session now, for the statements it leads to. */
export function noteCaller(scope: Scope): void {
  const location = callerLocation(takeStack());
  if (location !== "" && scope.state !== "closed") scope.setSlot(CALLER, location);
}

/** …/web/src/database/ or …/web/dist/database/: two up is the package, three up the folder of its siblings. */
const packages = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const OWN = /^[\\/](?:core|orm|migrate|web|forms|athanor)[\\/](?:src|dist)[\\/]/;

function isLibrary(file: string): boolean {
  return (
    file.startsWith("node:") ||
    /[\\/]node_modules[\\/]/.test(file) ||
    (file.startsWith(packages) && OWN.test(file.slice(packages.length)))
  );
}

/** Reads V8's stack text: source maps, where Node applies them, show there as well. */
export function callerLocation(stack: string): string {
  for (const line of stack.split("\n").slice(1)) {
    const found = /^\s*at (?:async )?(?:(.*?) \()?((?:file:\/\/|node:|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(
      line,
    );
    if (found === null) continue;
    const [, fn, place = "", row, column] = found;
    const file = place.startsWith("file://") ? fileURLToPath(place) : place;
    if (!isLibrary(file)) return `${file}:${row}:${column}${fn === undefined ? "" : ` (${fn})`}`;
  }
  return "";
}

/** Deeper than the default ten frames: between the handler and the driver lie the query, the session and the connection. */
function takeStack(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  try {
    return String(new Error("location").stack);
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** Records what this engine sends inside scopes of the app. */
export function recordQueries(engine: Engine, app: object): void {
  const stacks = new WeakMap<object, string>();
  engine.on("beforeExecute", ({ connection }) => {
    if (currentScope()?.owner === app) stacks.set(connection, takeStack());
  });
  engine.on("afterExecute", ({ connection, sql, params, milliseconds }) => {
    const scope = currentScope();
    if (scope === undefined || scope.owner !== app || scope.state === "closed") return;
    const endTime = performance.timeOrigin + performance.now();
    let list = scope.peek(RECORDED);
    if (list === undefined) scope.setSlot(RECORDED, (list = []));
    list.push({
      statement: sql,
      parameters: params,
      startTime: endTime - milliseconds,
      endTime,
      duration: milliseconds,
      location: callerLocation(stacks.get(connection) ?? "") || (scope.peek(CALLER) ?? ""),
    });
  });
}

/** What was recorded in the running scope, oldest first; empty when recording is off. */
export function recordedQueries(): readonly RecordedQuery[] {
  return [...(currentScope()?.peek(RECORDED) ?? [])];
}
