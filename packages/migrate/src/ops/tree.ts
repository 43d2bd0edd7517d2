/** Operations in groups: what happens to one table, and a whole script. Source: Alembic "Operations", `UpgradeOps`. */
import { MigrateOp, reversed } from "./op.js";

/** What happens to one table that exists. Is run, written and reversed as its operations are; a batch where that pays. */
export class ModifyTableOps extends MigrateOp {
  readonly kind = "modifyTable";
  readonly tableName: string;
  readonly schema: string | undefined;
  readonly ops: readonly MigrateOp[];
  constructor(tableName: string, ops: readonly MigrateOp[], options: { readonly schema?: string | undefined } = {}) {
    super();
    this.tableName = tableName;
    this.ops = ops;
    this.schema = options.schema;
  }
  get isEmpty(): boolean {
    return this.ops.length === 0;
  }
  reverse(): ModifyTableOps {
    return new ModifyTableOps(this.tableName, reversed(this.ops), { schema: this.schema });
  }
}
const OF_TABLES: ReadonlySet<string> = new Set([
  "addColumn",
  "dropColumn",
  "alterColumn",
  "createIndex",
  "dropIndex",
  "addConstraint",
  "dropConstraint",
  "tableComment",
]);

/** Neighbours about one table as one `ModifyTableOps` each; the order stays. */
export function groupByTable(ops: readonly MigrateOp[]): MigrateOp[] {
  const made: MigrateOp[] = [];
  let group: { readonly tableName: string; readonly schema: string | undefined; readonly ops: MigrateOp[] } | undefined;
  const end = () => {
    if (group !== undefined) made.push(new ModifyTableOps(group.tableName, group.ops, { schema: group.schema }));
    group = undefined;
  };
  for (const op of flattened(ops)) {
    const { tableName, schema } = op as { readonly tableName?: string; readonly schema?: string };
    if (!OF_TABLES.has(op.kind) || tableName === undefined) {
      end();
      made.push(op);
      continue;
    }
    if (group?.tableName !== tableName || group.schema !== schema) {
      end();
      group = { tableName, schema, ops: [] };
    }
    group.ops.push(op);
  }
  end();
  return made;
}
/** Without groups. */
export function flattened(ops: readonly MigrateOp[]): MigrateOp[] {
  return ops.flatMap((op) => (op instanceof ModifyTableOps ? flattened(op.ops) : [op]));
}

/** The operations of one function of a revision. */
export class ScriptOps {
  readonly ops: readonly MigrateOp[];
  constructor(ops: readonly MigrateOp[] = []) {
    this.ops = ops;
  }
  get isEmpty(): boolean {
    return flattened(this.ops).length === 0;
  }
  /** @throws OperationError `migrate.irreversible` */
  reverse(): ScriptOps {
    return new ScriptOps(reversed(this.ops));
  }
}
/** What a revision file is made of. */
export class MigrationScript {
  readonly upgradeOps: ScriptOps;
  readonly downgradeOps: ScriptOps;
  constructor(upgradeOps: ScriptOps, downgradeOps: ScriptOps = upgradeOps.reverse()) {
    this.upgradeOps = upgradeOps;
    this.downgradeOps = downgradeOps;
  }
  get isEmpty(): boolean {
    return this.upgradeOps.isEmpty;
  }
}
