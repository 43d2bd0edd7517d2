/**
 * Assertions about SQL for the tests of programs, under any test runner: what a statement compiles to, and which
 * statements a piece of code sends. Source: SQLAlchemy "sqlalchemy.testing.assertsql".
 */
import { AssertionError, deepStrictEqual } from "node:assert";
import type { Engine } from "../engine/engine.js";
import { ArgumentError } from "../errors/errors.js";

/** SQL on one line with single blanks, without a semicolon at the end: what two texts are compared by. */
export function normalizeSql(sql: string): string {
  return sql.replace(/\s+/g, " ").replace(/\( /g, "(").replace(/ \)/g, ")").replace(/;\s*$/, "").trim();
}
interface Compilable {
  compile(
    dialect?: unknown,
    options?: { readonly literalBinds?: boolean },
  ): { readonly sql: string; readonly params: readonly unknown[] };
}
export interface CompileOptions {
  /** A dialect or its name; the default one without. */
  readonly dialect?: unknown;
  /** The parameters in order; not looked at without. */
  readonly params?: readonly unknown[];
  readonly literalBinds?: boolean;
}
/**
 * What a statement compiles to. Blanks and line breaks do not count.
 *
 * @example assertSql(select(User.c.id).where(User.c.id.gt(3)), "SELECT user.id FROM user WHERE user.id > ?", { params: [3] });
 * @throws AssertionError with both texts
 */
export function assertSql(statement: object, expected: string | RegExp, options: CompileOptions = {}): void {
  const { compile } = statement as Partial<Compilable>;
  if (typeof compile !== "function") throw new ArgumentError("assertSql(): a statement is needed.");
  const { sql, params } = (statement as Compilable).compile(
    options.dialect,
    options.literalBinds === true ? { literalBinds: true } : {},
  );
  const actual = normalizeSql(sql);
  if (typeof expected === "string" ? actual !== normalizeSql(expected) : !expected.test(actual))
    throw new AssertionError({
      message: `The statement compiles to other SQL.\n  expected: ${typeof expected === "string" ? normalizeSql(expected) : expected}\n  actual:   ${actual}`,
      actual,
      expected: typeof expected === "string" ? normalizeSql(expected) : expected,
      operator: "assertSql",
    });
  if (options.params !== undefined) deepStrictEqual(plain(params), plain(options.params));
}

/** Whole numbers by value: some drivers are given 3n for 3. */
function plain(params: readonly unknown[]): readonly unknown[] {
  return params.map((p) => (typeof p === "bigint" && Number.isSafeInteger(Number(p)) ? Number(p) : p));
}

/** One statement: its whole text, a pattern it matches, or its text and its parameters. */
export type ExpectedStatement =
  | string
  | RegExp
  | { readonly sql: string | RegExp; readonly params: readonly unknown[] }
  | StatementSet;
/** Several statements in any order, or one of several. */
export class StatementSet {
  readonly kind: "all" | "one";
  readonly members: readonly ExpectedStatement[];
  constructor(kind: "all" | "one", members: readonly ExpectedStatement[]) {
    this.kind = kind;
    this.members = members;
  }
}
/** All of these, in any order. */
export function allOf(...members: ExpectedStatement[]): StatementSet {
  return new StatementSet("all", members);
}
/** One of these. */
export function oneOf(...members: ExpectedStatement[]): StatementSet {
  return new StatementSet("one", members);
}
export interface SentStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  /** Set for one statement run with many parameter sets. */
  readonly sets: readonly (readonly unknown[])[] | undefined;
}
const TRANSACTIONAL = /^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i;
/** The statements an engine sends while a block runs; BEGIN, COMMIT, ROLLBACK and savepoints are left out. */
export async function recordStatements(engine: Engine, block: () => unknown): Promise<readonly SentStatement[]> {
  const sent: SentStatement[] = [];
  const stop = engine.on("statement", ({ sql, params, sets }) => {
    if (!TRANSACTIONAL.test(sql)) sent.push({ sql: normalizeSql(sql), params, sets });
  });
  try {
    await block();
  } finally {
    stop();
  }
  return sent;
}
/**
 * Exactly these statements, in this order, while a block runs.
 *
 * @example
 * await assertStatements(engine, () => session.flush(), [
 *   "INSERT INTO author (name) VALUES (?)",
 *   allOf(/^INSERT INTO post/, /^INSERT INTO tag/),
 *   { sql: /^UPDATE author/, params: [1, 7] },
 * ]);
 * @throws AssertionError that shows the first statement that differs, and all that were sent
 */
export async function assertStatements(
  engine: Engine,
  block: () => unknown,
  expected: readonly ExpectedStatement[],
): Promise<void> {
  const sent = await recordStatements(engine, block);
  let at = 0;
  for (const [i, wanted] of expected.entries()) {
    const taken = match(wanted, sent, at);
    if (taken === undefined) throw differs(`statement ${i + 1} is another one`, wanted, sent, at);
    at += taken;
  }
  if (at < sent.length) throw differs(`${sent.length - at} more than expected`, undefined, sent, at);
}
/**
 * How many statements a block sends. `await assertStatementCount(engine, 2, () => showPosts())`.
 *
 * @throws AssertionError with the statements
 */
export async function assertStatementCount(engine: Engine, count: number, block: () => unknown): Promise<void> {
  const sent = await recordStatements(engine, block);
  if (sent.length !== count)
    throw new AssertionError({
      message: `${sent.length} statements were sent, not ${count}.\n${listed(sent)}`,
      actual: sent.length,
      expected: count,
      operator: "assertStatementCount",
    });
}
/** How many statements it takes; undefined where it does not match. */
function match(wanted: ExpectedStatement, sent: readonly SentStatement[], at: number): number | undefined {
  if (wanted instanceof StatementSet) {
    if (wanted.kind === "one") {
      for (const member of wanted.members) {
        const taken = match(member, sent, at);
        if (taken !== undefined) return taken;
      }
      return undefined;
    }
    return anyOrder(wanted.members, sent, at);
  }
  const statement = sent[at];
  if (statement === undefined) return undefined;
  const sql = typeof wanted === "string" || wanted instanceof RegExp ? wanted : wanted.sql;
  if (typeof sql === "string" ? statement.sql !== normalizeSql(sql) : !sql.test(statement.sql)) return undefined;
  if (typeof wanted === "string" || wanted instanceof RegExp) return 1;
  try {
    deepStrictEqual(plain(statement.params), plain(wanted.params));
    return 1;
  } catch {
    return undefined;
  }
}
function anyOrder(
  members: readonly ExpectedStatement[],
  sent: readonly SentStatement[],
  at: number,
): number | undefined {
  if (members.length === 0) return 0;
  for (const [i, member] of members.entries()) {
    const first = match(member, sent, at);
    if (first === undefined) continue;
    const rest = anyOrder([...members.slice(0, i), ...members.slice(i + 1)], sent, at + first);
    if (rest !== undefined) return first + rest;
  }
  return undefined;
}
function differs(
  what: string,
  wanted: ExpectedStatement | undefined,
  sent: readonly SentStatement[],
  at: number,
): AssertionError {
  const expected = wanted === undefined ? "nothing" : shown(wanted);
  return new AssertionError({
    message: `The statements differ: ${what}.\n  expected: ${expected}\n  sent:     ${sent[at]?.sql ?? "nothing"}\n${listed(sent)}`,
    actual: sent.map((s) => s.sql),
    expected,
    operator: "assertStatements",
  });
}
function shown(wanted: ExpectedStatement): string {
  if (typeof wanted === "string") return normalizeSql(wanted);
  if (wanted instanceof RegExp) return String(wanted);
  if (wanted instanceof StatementSet) return `${wanted.kind}Of(${wanted.members.map(shown).join(", ")})`;
  return `${String(wanted.sql)} with ${JSON.stringify(wanted.params)}`;
}
function listed(sent: readonly SentStatement[]): string {
  return sent.length === 0
    ? "Nothing was sent."
    : `All that was sent:\n${sent.map((s, i) => `  ${i + 1}. ${s.sql}`).join("\n")}`;
}
