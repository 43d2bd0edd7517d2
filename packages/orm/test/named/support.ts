/** Statements of a test as the named tests tell them: verb, table and columns, the same for every database. */
import { createEngine, type Engine, type MetaData } from "@athanor/core";
import type { Target } from "@athanor/test-support";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** `INSERT t(a, b)`, `UPDATE t(a)`, `DELETE t`; undefined for anything else. */
export function shorten(sql: string): string | undefined {
  const text = sql.replaceAll(/["`]/g, "").replaceAll(/\s+/g, " ");
  const insert = /\bINSERT INTO (\w+)(?: \(([^)]*)\))?/.exec(text);
  if (insert !== null) return `INSERT ${insert[1]}(${insert[2] ?? ""})`;
  const update = /^UPDATE (\w+)(?: AS \w+)? SET (.*?)(?: FROM | WHERE |$)/.exec(text);
  if (update !== null) {
    const columns = (update[2] as string).split(",").map((part) => part.split("=")[0]?.trim().split(".").at(-1));
    return `UPDATE ${update[1]}(${columns.join(", ")})`;
  }
  const gone = /^DELETE FROM (\w+)/.exec(text);
  return gone === null ? undefined : `DELETE ${gone[1]}`;
}

/** A statement without what differs between databases: its text, then its parameters row by row, as texts. */
export type Sent = readonly [text: string, ...rows: (readonly (string | null)[])[]];
const asText = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));
/** What `Told.sent()` gives for this text and these parameters. */
export function sent(text: string, ...rows: readonly (readonly unknown[])[]): Sent {
  return [text, ...rows.map((row) => row.map(asText))];
}
/** `{"a",NULL}` of PostgreSQL. */
function elements(literal: unknown): (string | null)[] {
  const found = String(literal).matchAll(/"((?:[^"\\]|\\.)*)"|([^,{}]+)/g);
  return [...found].map(
    ([, quoted, bare]) => quoted?.replaceAll(/\\(.)/g, "$1") ?? (bare === "NULL" ? null : asText(bare)),
  );
}
function plainStatement(
  sql: string,
  params: readonly unknown[],
  sets: readonly (readonly unknown[])[] | undefined,
): Sent {
  const text = sql
    .replaceAll(/["`]/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\$\d+/g, "?")
    .replaceAll(/::[A-Z]+(\(\d+\))?(\[\])?/g, "")
    .replace(/ RETURNING .*$/, "");
  const insert = /^(INSERT INTO \w+(?: \(([^)]*)\))?) (?:VALUES (.*)|SELECT p\.c0.* FROM unnest\(.*)$/.exec(text);
  if (insert === null) return sent(text, ...(sets ?? [params]));
  const [, head, columns = "", values] = insert;
  if (values === undefined) {
    const lists = params.map(elements);
    return sent(head as string, ...(lists[0] ?? []).map((_, r) => lists.map((list) => list[r])));
  }
  // An expression among the values: the row as it is written.
  if (/[^?(), ]/.test(values)) return sent(text, params);
  const width = columns.split(",").length;
  const rows = Array.from({ length: params.length / width }, (_, r) => params.slice(r * width, (r + 1) * width));
  return sent(head as string, ...rows);
}

export interface Told {
  engine: Engine;
  /** What was written since the last call; equal ones in a row count once, as databases differ in how many rows fit. */
  writes(): string[];
  /** The same with everything that was in them: each statement, in order, with its parameters. */
  sent(): Sent[];
  /** SELECTs since the last call. */
  reads(): number;
}
export function told(target: Target, metadata: MetaData): Told {
  let writes: string[] = [];
  let all: Sent[] = [];
  let reads = 0;
  const it = {
    sent: () => all.splice(0),
    writes: () => writes.splice(0).filter((w, i, all) => w !== all[i - 1]),
    reads: () => {
      const n = reads;
      reads = 0;
      return n;
    },
  } as Told;
  beforeAll(async () => {
    it.engine = createEngine(await target.url());
    it.engine.on("statement", ({ sql, params, sets }) => {
      const short = shorten(sql);
      if (short !== undefined) {
        writes.push(short);
        all.push(plainStatement(sql, params, sets));
      } else if (/^SELECT/.test(sql)) reads++;
    });
  });
  afterAll(() => it.engine.dispose());
  beforeEach(async () => {
    await metadata.dropAll(it.engine);
    await metadata.createAll(it.engine);
    writes = [];
    all = [];
    reads = 0;
  });
  return it;
}
