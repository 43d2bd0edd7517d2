/** Places of parameters in a text being made: marked first, numbered when the text is finished. */
import type { Dialect } from "../dialects/dialect.js";
import { ArgumentError, CompileError } from "../errors/errors.js";
import { type Bind, NamedBind } from "../sql/expression.js";
import { converted } from "../types/adapter.js";
import { NULL_TYPE, type SqlType, TupleType, typeOfValue } from "../types/sql-type.js";
import type { BindSlot } from "./compiled.js";
import { bindWrap, columnWrap, type Wrap } from "./type-wrapping.js";

export interface CompilerOptions {
  /** Values are written into the text. */
  readonly literalBinds?: boolean | undefined;
  /** Columns are not qualified: inside DDL. */
  readonly unqualified?: boolean | undefined;
  /** Values to be written into the text instead of those the parameters hold. */
  readonly values?: ReadonlyMap<object, unknown> | undefined;
}
export type BindIndex = ReadonlyMap<object, number>;

/** Stands for a placeholder until the text is finished; NUL cannot occur in SQL. */
const MARK = "\0";
export const MARKED = /\0(\d+)\0/;

export abstract class ParameterCompiler {
  readonly dialect: Dialect;
  readonly options: CompilerOptions;
  protected readonly binds: BindIndex;
  /** Values are written into the text. */
  protected literally: boolean;
  protected readonly slots: BindSlot[] = [];
  /**
   * One parameter keeps one numbered place: inside a query whose clauses must agree (GROUP BY, DISTINCT), where `$1` and `$2`
   * would make two expressions of one. Nodes of one source are one parameter.
   */
  protected agreeing = false;
  /** The parameter stands in SQL the program wrote itself. */
  protected inText = false;
  /** The column whose value is being written. */
  protected writing: string | undefined;
  /** Where places have no numbers, only values written into the text make such expressions equal. */
  protected repeatsAgreeing = false;
  readonly #places = new Map<unknown, { readonly suffix: string; readonly text: string }>();

  constructor(dialect: Dialect, binds: BindIndex, options: CompilerOptions = {}) {
    this.dialect = dialect;
    this.binds = binds;
    this.options = options;
    this.literally = options.literalBinds ?? false;
  }
  protected addSlot(slot: Partial<BindSlot>): string {
    const n = this.slots.length;
    this.slots.push({
      source: -1,
      constant: undefined,
      process: null,
      expanding: false,
      inText: this.inText,
      negated: false,
      tuple: undefined,
      listPrefix: "",
      suffix: "",
      wrap: undefined,
      column: this.writing,
      name: undefined,
      compute: undefined,
      literal: undefined,
      ...slot,
    });
    return `${MARK}${n}${MARK}`;
  }
  visitBind(bind: Bind): string {
    return this.bind(bind, this.bindSuffix(bind.type));
  }
  visitNamedBind(bind: NamedBind): string {
    return this.bind(bind, this.bindSuffix(bind.type));
  }
  /** What follows a placeholder where nothing beside it tells the server its type. */
  protected bindSuffix(type: SqlType): string {
    return this.dialect.bindSuffix(type);
  }
  /** What follows a placeholder beside a column, whose type the server takes. */
  protected bindSuffixBesideColumn(type: SqlType): string {
    return this.dialect.bindSuffix(type);
  }
  protected bind(bind: Bind | NamedBind, suffix: string, expanding = false, negated = false): string {
    if (this.literally) return this.literalBind(bind, expanding, negated);
    if (!this.agreeing || expanding) return this.place(bind, suffix, expanding, negated);
    const parameter = this.binds.get(bind) ?? bind;
    const met = this.#places.get(parameter);
    if (met?.suffix === suffix) {
      if (this.dialect.numbersPlaceholders) return met.text;
      this.repeatsAgreeing = true;
    }
    const text = this.place(bind, suffix, expanding, negated);
    this.#places.set(parameter, { suffix, text });
    return text;
  }
  private place(bind: Bind | NamedBind, suffix: string, expanding: boolean, negated: boolean): string {
    const name = bind instanceof NamedBind ? bind.parameter : undefined;
    const source = this.binds.get(bind) ?? -1;
    if (bind instanceof NamedBind && bind.literalExecute) {
      const literal = (value: unknown) =>
        bind.type === NULL_TYPE ? this.literal(value, typeOfValue(value)) : this.literal(value, bind.type);
      return this.addSlot({ source, name, literal, expanding, negated });
    }
    if (bind.type instanceof TupleType) return this.tupleList(bind, bind.type, source, negated, name);
    const process = bind.type === NULL_TYPE ? undeclaredBind(this.dialect) : this.dialect.bindProcessor(bind.type);
    const wrap = this.bindWrap(bind.type);
    const around = (marked: string) => (wrap === undefined || expanding ? marked : wrap(marked));
    if (source < 0 && name === undefined) {
      const value = bind.value;
      if (!expanding) return around(this.addSlot({ constant: converted(value, process), suffix }));
      return this.addSlot({ constant: value, process, suffix, expanding, negated, wrap });
    }
    return around(this.addSlot({ source, process, suffix, expanding, negated, name, wrap }));
  }
  protected bindWrap(type: SqlType): Wrap | undefined {
    return bindWrap(this.dialect, type);
  }
  protected columnWrap(type: SqlType): Wrap | undefined {
    return columnWrap(this.dialect, type);
  }
  /** The list behind `(a, b) IN`: each position has its own type. */
  private tupleList(
    bind: Bind | NamedBind,
    type: TupleType,
    source: number,
    negated: boolean,
    name: string | undefined,
  ): string {
    const by = type.elements.map((t) =>
      t === NULL_TYPE ? undeclaredBind(this.dialect) : this.dialect.bindProcessor(t),
    );
    const process = (row: unknown) =>
      (row as readonly unknown[]).map((v, i) => (v === null || v === undefined ? null : (by[i]?.(v) ?? v)));
    const constant = source < 0 && name === undefined ? bind.value : undefined;
    return this.addSlot({
      source,
      constant,
      process,
      expanding: true,
      negated,
      name,
      tuple: type.elements.map((t) => this.dialect.bindSuffix(t)),
      listPrefix: this.rowsPrefix,
    });
  }
  /** What stands before the row values of `(a, b) IN (…)`. */
  protected readonly rowsPrefix: string = "";
  protected literalBind(bind: Bind | NamedBind, expanding: boolean, negated: boolean): string {
    const { values } = this.options;
    const value = values?.has(bind) ? values.get(bind) : bind.value;
    if (value === undefined && bind instanceof NamedBind) {
      throw new CompileError(
        `The parameter ':${bind.parameter}' has no value to write into the text.`,
        "parameter.missing",
      );
    }
    const { type } = bind;
    const wrap = type instanceof TupleType ? undefined : this.bindWrap(type);
    const one = (v: unknown): string => {
      const text = this.literal(v, type === NULL_TYPE ? typeOfValue(v) : type);
      return wrap === undefined || v === null ? text : wrap(text);
    };
    if (!expanding) return type === NULL_TYPE ? this.literal(value, typeOfValue(value)) : one(value);
    const list = (this.inText ? listInText(value) : value) as readonly unknown[];
    if (list.length === 0) return this.emptyList(negated, type instanceof TupleType ? type.elements.length : 1);
    if (!(type instanceof TupleType)) return list.map(one).join(", ");
    return (
      this.rowsPrefix +
      list
        .map((row) => `(${type.elements.map((t, i) => this.literal((row as readonly unknown[])[i], t)).join(", ")})`)
        .join(", ")
    );
  }
  protected stringLiteral(value: string): string {
    return withoutNul(this.dialect.stringLiteral(value), "A text to be written into SQL");
  }
  /** A value written into the text. */
  protected literal(value: unknown, type: SqlType): string {
    return withoutNul(this.dialect.literal(value, type), "A value to be written into SQL");
  }
  emptyList(negated: boolean, width = 1): string {
    const nothing = width === 1 ? "NULL" : `(${Array(width).fill("NULL").join(", ")})`;
    return negated ? `${nothing}) OR (1 = 1` : `${nothing}) AND (1 != 1`;
  }
}

/** @throws ArgumentError for an empty list: around raw SQL nobody can say what IN of nothing means there */
export function listInText(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value];
  if (value.length > 0) return value;
  throw new ArgumentError(
    "A list behind IN in raw SQL is empty, which SQL has no form for; leave the criterion out, or write it as column.in([]).",
    "parameter.empty-list",
  );
}
/** No database takes NUL inside SQL, and the places of parameters are marked with it until the text is finished. */
export function withoutNul(text: string, what: string): string {
  if (text.includes(MARK))
    throw new CompileError(`${what} holds a NUL character; send it as a parameter.`, "value.nul");
  return text;
}
/** A parameter without a declared type: dates, booleans and bytes still need the dialect's form. */
function undeclaredBind(dialect: Dialect): (value: unknown) => unknown {
  return (value) => dialect.bindUndeclared(value);
}
