/**
 * Functions of PostgreSQL with their types: full-text search and arrays. Source: PostgreSQL manual, 9.13 and 9.19; SQLAlchemy
 * "PostgreSQL functions".
 */
import { ArgumentError } from "../errors/errors.js";
import { requireKnownOptions } from "../errors/known-options.js";
import { ArrayLiteral } from "../sql/composites.js";
import { Element, innerStatement } from "../sql/element.js";
import { type Expression, operand } from "../sql/expression.js";
import { Cast, FunctionCall } from "../sql/functions.js";
import { NativeType } from "../types/native-types.js";
import { ArrayType, BOOLEAN, FloatType, NULL_TYPE, type SqlType, STRING } from "../types/sql-type.js";
import type {
  Aggregate,
  AnyExpr,
  ArrayExpr,
  Condition,
  NumberExpr,
  Operand,
  PlainExpr,
  Rows,
  TextExpr,
  Typed,
} from "../typing/expressions.js";

const VECTOR = new NativeType("postgresql.tsvector", "TSVECTOR");
const QUERY = new NativeType("postgresql.tsquery", "TSQUERY");
const CONFIG = new NativeType("postgresql.regconfig", "REGCONFIG");
const REAL = new FloatType(24);

type Text = Operand<string | null>;
/** A configuration by name, such as "english"; the server's default without one. */
type Config = { readonly config?: string };
type Vector = Typed<string | null>;

function configured(name: string, type: SqlType, options: Config, ...args: Expression[]): FunctionCall {
  requireKnownOptions(options, ["config"], `${name}()`, "function.option");
  const { config } = options;
  if (config === undefined) return new FunctionCall(name, args, type);
  return new FunctionCall(name, [new Cast(operand(config, STRING), CONFIG), ...args], type);
}
const query =
  (name: string) =>
  (text: Text, options: Config = {}): PlainExpr<string> =>
    configured(name, QUERY, options, operand(text, STRING)) as never;

export const pgFunc = {
  /** The words of a text, normalised: what a query is matched with. */
  toTsvector: (text: Text, options: Config = {}): PlainExpr<string> =>
    configured("to_tsvector", VECTOR, options, operand(text, STRING)) as never,
  /** Words with `&`, `|`, `!` and `<->`; what is not well formed is an error. */
  toTsquery: query("to_tsquery"),
  /** All the words of a plain text. */
  plaintoTsquery: query("plainto_tsquery"),
  /** The words one behind the other. */
  phrasetoTsquery: query("phraseto_tsquery"),
  /** As people write in a search box; never an error. */
  websearchToTsquery: query("websearch_to_tsquery"),
  /** `vector @@ query`. */
  matches: (vector: Vector, by: Vector): Condition => operand(vector).boolOp("@@", operand(by)) as never,
  tsRank: (vector: Vector, by: Vector): NumberExpr<number> =>
    new FunctionCall("ts_rank", [operand(vector), operand(by)], REAL) as never,
  tsHeadline: (text: Text, by: Vector, options: Config = {}): TextExpr<string> =>
    configured("ts_headline", STRING, options, operand(text, STRING), operand(by)) as never,
  /** `ARRAY[a, b]`, or `ARRAY(SELECT …)` of a query of one column. */
  array: <T>(of: readonly Operand<T>[] | Rows<readonly [T]>): ArrayExpr<T[]> => {
    const inner = Array.isArray(of) ? undefined : elementOf(of);
    if (inner !== undefined) {
      const [first] = (inner as unknown as { readonly exportedColumns: readonly { readonly expression: Expression }[] })
        .exportedColumns;
      return new ArrayLiteral(inner, new ArrayType(first?.expression.type ?? NULL_TYPE)) as never;
    }
    if (!Array.isArray(of) || of.length === 0)
      throw new ArgumentError("pgFunc.array(): a list of values or a query is needed; bind [] for an empty array.");
    const items = of.map((v) => operand(v));
    const type = items.find((i) => i.type !== NULL_TYPE)?.type ?? STRING;
    return new ArrayLiteral(items, new ArrayType(type)) as never;
  },
  arrayAgg: <T>(of: Typed<T>): ArrayExpr<T[] | null> & Aggregate<ArrayExpr<T[] | null>> => {
    const inner = operand(of);
    return new FunctionCall("array_agg", [inner], new ArrayType(inner.type)) as never;
  },
  /** How many elements a dimension has; null for none. */
  arrayLength: (of: Typed<readonly unknown[] | null>, dimension = 1): NumberExpr<number | null> =>
    new FunctionCall("array_length", [operand(of), operand(dimension)], operand(1).type) as never,
  /** Whether a range, an array or a document holds another. */
  contains: (whole: AnyExpr, part: AnyExpr): Condition =>
    operand(whole).op("@>", operand(part), { comparison: true, precedence: 5, type: BOOLEAN }) as never,
} as const;

function elementOf(of: unknown): Element | undefined {
  if (of instanceof Element) return of;
  return (of as { readonly [innerStatement]?: Element } | null | undefined)?.[innerStatement];
}
