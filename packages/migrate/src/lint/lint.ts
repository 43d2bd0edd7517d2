/** Looks through what migrations do for what loses data or stops a running program. */
import type { Dialect } from "@athanor/core";
import type { Operations } from "../operations/index.js";
import { type CreateTableOp, labelOf, type MigrateOp } from "../ops/index.js";
import { destructiveRules } from "./destructive.js";
import { lockingRules } from "./locking.js";
import { familyOf, recordOps } from "./record.js";
import { type LintLevel, type LintPlace, type LintRule, sqlText, tableKey } from "./rule.js";

export const lintRules: readonly LintRule[] = [...destructiveRules, ...lockingRules];

export interface LintFinding {
  readonly rule: string;
  readonly level: LintLevel;
  readonly revision: string;
  readonly path: string | undefined;
  /** Of several databases, which one. */
  readonly database?: string;
  /** From 1, in the order of upgrade(); undefined for what is about the whole revision. */
  readonly operation: number | undefined;
  /** `dropColumn todo.done`. */
  readonly what: string;
  readonly message: string;
  /** The safe way. */
  readonly instead: string;
}
export interface LintOptions {
  /** Ids of rules that are not to be told. */
  readonly disable?: readonly string[] | undefined;
}
interface LintSubject {
  readonly revision: string;
  readonly path?: string | undefined;
  /** The file: comments in it turn rules off. */
  readonly text?: string | undefined;
  readonly upgrade: (op: Operations) => unknown;
  readonly downgrade?: unknown;
  /** Why there is no way back, said in the file. */
  readonly irreversible?: string | undefined;
  /** False: the file runs outside of a transaction. */
  readonly transaction?: boolean | undefined;
  /** Of several databases, which one. */
  readonly database?: string | undefined;
}

/** `// athanor-lint-disable drop-column, truncate` anywhere in the file; without ids all rules. */
function disabledBy(text: string | undefined): (rule: string) => boolean {
  const found = [...(text ?? "").matchAll(/athanor-lint-disable(?!-)([ \t,\w-]*)/g)].map((m) => (m[1] ?? "").trim());
  const ids = new Set(found.flatMap((f) => f.split(/[\s,]+/)));
  return (rule) => found.includes("") || ids.has(rule);
}

/**
 * @example await lintRevision({ revision: "a1", upgrade: (op) => op.dropTable("user") }, dialect) // [{ rule: "drop-table", … }]
 */
export async function lintRevision(
  subject: LintSubject,
  dialect: Dialect,
  options: LintOptions = {},
): Promise<LintFinding[]> {
  const family = familyOf(dialect);
  const { ops, stopped } = await recordOps(subject.upgrade, dialect);
  const isOff = disabledBy(subject.text);
  const findings: LintFinding[] = [];
  const tell = (rule: Pick<LintRule, "id" | "level" | "instead">, message: string, at?: number, op?: MigrateOp) => {
    if (isOff(rule.id) || options.disable?.includes(rule.id)) return;
    findings.push({
      rule: rule.id,
      level: rule.level,
      revision: subject.revision,
      path: subject.path,
      ...(subject.database === undefined ? {} : { database: subject.database }),
      operation: at,
      what: op === undefined ? "" : labelOf(op),
      message,
      instead: rule.instead,
    });
  };
  const made = new Set<string>();
  const all = ops.map((o) => o.op);
  ops.forEach(({ op, autocommit }, i) => {
    const place: LintPlace = {
      family,
      autocommit: autocommit || subject.transaction === false,
      before: all.slice(0, i),
      all,
      isNew: (table, schema) => table !== undefined && made.has(tableKey(table, schema).replaceAll(/["`]/g, "")),
    };
    for (const rule of lintRules) {
      if (rule.databases !== undefined && !rule.databases.includes(family)) continue;
      const message = rule.check(op, place);
      if (message !== undefined) tell(rule, message, i + 1, op);
    }
    const created =
      op.kind === "createTable"
        ? (op as CreateTableOp).table.fullName
        : /^create table (?:if not exists )?(\S+?)[\s(]/i.exec(sqlText(op) ?? "")?.[1];
    if (created !== undefined) made.add(created.replaceAll(/["`]/g, ""));
  });
  if (subject.downgrade === undefined && subject.irreversible === undefined) {
    const rule = lintRules.find((r) => r.id === "no-downgrade") as LintRule;
    tell(rule, "there is no downgrade(): the revision cannot be undone");
  }
  if (stopped !== undefined) {
    const rule = { id: "not-readable", level: "notice", instead: "Ask op.isOffline before op.getBind()." } as const;
    tell(rule, `what comes after operation ${ops.length} could not be looked at: ${stopped.message}`);
  }
  return findings;
}
