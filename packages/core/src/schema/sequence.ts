/** Sequences, and their next number as an expression. Source: SQLAlchemy "Defining Sequences". */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { Expression } from "../sql/expression.js";
import { type KeyWriter, OP } from "../sql/key.js";
import { BIG_INTEGER } from "../types/sql-type.js";
import type { NumberExpr } from "../typing/expressions.js";

/** A sequence of numbers of its own. Numbers are 64 bits wide. */
export interface SequenceOptions {
  readonly schema?: string | undefined;
  readonly start?: number | bigint | undefined;
  readonly increment?: number | bigint | undefined;
  readonly minValue?: number | bigint | undefined;
  readonly maxValue?: number | bigint | undefined;
  readonly cache?: number | undefined;
  readonly cycle?: boolean | undefined;
}
const OPTIONS = [
  "schema",
  "start",
  "increment",
  "minValue",
  "maxValue",
  "cache",
  "cycle",
] as const satisfies readonly (keyof SequenceOptions)[];
/**
 * @example
 * const tickets = new Sequence("tickets", { start: 1000 });
 * table("ticket", { id: integer().primaryKey().default(tickets) });   // createAll makes it, every row draws from it
 * await conn.execute(select(tickets.nextValue())).scalar();           // a number of its own
 */
export class Sequence {
  readonly name: string;
  readonly options: SequenceOptions;
  constructor(name: string, options: SequenceOptions = {}) {
    requireKnownOptions(options, OPTIONS, `new Sequence("${name}")`, "sequence.option");
    if (name === "") throw new ArgumentError("A sequence needs a name.");
    this.name = name;
    this.options = options;
  }
  get schema(): string | undefined {
    return this.options.schema;
  }
  /** Draws a number, as a `bigint`; databases without sequences refuse it, except as the default of an automatic key. */
  nextValue(): NumberExpr<bigint> {
    return new NextValue(this) as object as NumberExpr<bigint>;
  }
}
export class NextValue extends Expression {
  readonly kind = "nextValue";
  readonly type = BIG_INTEGER;
  readonly sequence: Sequence;
  constructor(sequence: Sequence) {
    super();
    this.sequence = sequence;
  }
  walk(key: KeyWriter): void {
    key.id(OP.nextValue);
    key.text(this.sequence.name);
    key.text(this.sequence.schema ?? "");
  }
}
