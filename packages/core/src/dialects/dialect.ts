/** What a database is to the rest of Athanor. Each dialect folder extends this class and nothing else names databases. */

import type { Compiled, SchemaMap } from "../compile/compiled.js";
import { CompileError, type DatabaseError, type DatabaseErrorDetails } from "../errors/errors.js";
import type { Element } from "../sql/element.js";
import {
  type Convert,
  converted,
  type JsonForm,
  type TypeAdapter,
  type TypeAdapters,
  type TypeResolver,
  takingNull,
} from "../types/adapter.js";
import { typeCompilation } from "../types/compilation.js";
import { NULL_TYPE, type SqlType, TupleType, typeOfValue } from "../types/sql-type.js";
import { DecoratedType, SpelledType, UserDefinedType, VariantType } from "../types/wrapping.js";
import type { BulkStrategy } from "./bulk-strategy.js";
import type { BeginOptions, Driver, DriverConnection } from "./driver.js";

/** Renders one statement; made anew for each compilation. `binds`: parameter node → index among collected parameters. */
export interface StatementCompiler {
  compile(statement: Element): Compiled;
}
export interface CompilationOptions {
  /** Values are written into the text. */
  readonly literalBinds?: boolean;
  /** Values to be written instead of those the parameters hold. */
  readonly values?: ReadonlyMap<object, unknown>;
}
/** Renders DDL elements; some need several statements. */
export interface DdlCompiler {
  statements(element: Element): readonly string[];
  /** A query inside DDL, values in the text. */
  queryText(query: Element): string;
  /** Writes other schemas for those of the tables from now on; absent: the dialect has no schemas. */
  under?(map: SchemaMap | undefined): DdlCompiler;
}

/** The parts of a database URL a dialect reads; `engine/url.ts` makes them. */
export interface DatabaseUrl {
  readonly dialect: string;
  readonly driver: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
  /** Repeated keys become lists. */
  readonly query: { readonly [key: string]: string | readonly string[] };
  /** With the password masked. */
  toString(): string;
}

/** What a database can do. Ask these, never the dialect's name. */
export interface Capabilities {
  readonly returning: { readonly insert: boolean; readonly update: boolean; readonly delete: boolean };
  readonly nativeBoolean: boolean;
  readonly nativeUuid: boolean;
  readonly nativeEnum: boolean;
  readonly nativeArray: boolean;
  readonly schemas: boolean;
  readonly sequences: boolean;
  readonly savepoints: boolean;
  /** DDL takes part in transactions. */
  readonly transactionalDdl: boolean;
  /** ALTER TABLE can change columns and constraints; otherwise the table is rebuilt. */
  readonly alterTable: boolean;
  readonly comments: boolean;
  readonly isDistinctFrom: boolean;
  readonly forUpdate: boolean;
  readonly lateral: boolean;
  readonly fullJoin: boolean;
  readonly multiTableUpdate: "from" | "list" | false;
  readonly multiTableDelete: "using" | false;
  readonly cteInDml: boolean;
  readonly dmlInCte: boolean;
  readonly nullsOrdering: boolean;
  /** Where an ascending ORDER BY that does not say it puts NULL. */
  readonly nullsSort: "first" | "last";
  /** Decimals of any length are numbers to the database; false: those beyond 15 digits are texts, sorted as such. */
  readonly exactDecimals: boolean;
  readonly onConflict: "conflict" | "duplicateKey";
  /** Members of a set operation may stand in parentheses. */
  readonly compoundParentheses: boolean;
  /** RETURNING gives rows in the order of VALUES for sure. */
  readonly orderedReturning: boolean;
  /**
   * How generated keys follow the rows of one INSERT: "ascending" in the order of VALUES; "numbered" when the rows are
   * selected in the order of a number among them; "unknown": no form of the statement promises it.
   */
  readonly generatedKeys: "ascending" | "numbered" | "unknown";
  readonly maxParameters: number;
  readonly maxIdentifierLength: number;
  readonly advisoryLocks: boolean;
  readonly twoPhase: boolean;
  readonly isolationLevels: readonly string[];
}

export interface DialectInfo {
  /** "15.20", "10.11.19-MariaDB". */
  readonly serverVersion: string;
  readonly defaultSchema: string | undefined;
}

/** How the programs of one engine differ from others on the same dialect. */
export interface DialectSettings extends JsonForm {
  readonly maxIdentifierLength?: number | undefined;
  readonly labelLength?: number | undefined;
}
export abstract class Dialect implements TypeResolver {
  abstract readonly name: string;
  /** Names under which programs speak of it, the closest first: what is said for MySQL holds for MariaDB. */
  get names(): readonly string[] {
    return [this.name];
  }
  /** The name migrations print: "PostgresqlImpl". */
  abstract readonly implName: string;
  abstract readonly capabilities: Capabilities;
  protected abstract readonly adapters: TypeAdapters;
  /** Reserved words in lower case: quoted when used as names. */
  abstract readonly reservedWords: ReadonlySet<string>;
  abstract readonly identifierQuote: '"' | "`";
  /** The n-th placeholder (from 1): `?`, `$1`. */
  abstract placeholder(n: number): string;
  /** One value may be named in several places: `$1 … $1`. */
  get numbersPlaceholders(): boolean {
    return this.placeholder(1) !== this.placeholder(2);
  }
  abstract createCompiler(binds: ReadonlyMap<object, number>, options?: CompilationOptions): StatementCompiler;
  abstract createDdlCompiler(): DdlCompiler;
  /** How many rows are written at once; undefined: one statement per row. */
  readonly bulk: BulkStrategy | undefined = undefined;
  /** The database of this URL has one connection for everybody (a database in memory); absent: never. */
  singleConnection?(url: DatabaseUrl): boolean;
  /** Imports the driver package and prepares it; throws MissingDriverError with the install command. */
  abstract loadDriver(url: DatabaseUrl, options: { readonly [name: string]: unknown }): Promise<Driver>;
  /** Runs once, on the first connection: version, default schema, session settings. */
  abstract initialize(connection: DriverConnection): Promise<DialectInfo>;
  /** Turns a driver's error into ours; `begun`: how the transaction was begun in which it came. */
  abstract classify(error: unknown, details: DatabaseErrorDetails, begun?: BeginOptions): DatabaseError;
  /** This error says that the server stopped the statement on request. */
  isCancellation(_error: DatabaseError): boolean {
    return false;
  }
  /** The processor for a column nobody declared, from the driver's type code. */
  abstract undeclaredProcessor(typeCode: number | string | null): Convert | null;

  readonly #binds = new Map<number, Convert | null>();
  readonly #results = new Map<number, Convert | null>();
  readonly #own = new Map<number, TypeAdapter>();

  /** What `createEngine` was told about texts; set before anything is compiled. */
  settings: DialectSettings = {};
  /** The longest name in the database. */
  get maxIdentifierLength(): number {
    return this.settings.maxIdentifierLength ?? this.capabilities.maxIdentifierLength;
  }
  /** The longest name made up for a statement; longer ones are cut, with a hash at the end. */
  get labelLength(): number {
    return this.settings.labelLength ?? this.maxIdentifierLength;
  }

  /** Names under which variants and options are given for this dialect; PGlite reads PostgreSQL's too. */
  get optionNames(): readonly string[] {
    return [this.name];
  }
  /** The type that has an adapter: decorators taken off, the variant for this dialect chosen. */
  plainType(type: SqlType): SqlType {
    if (type instanceof DecoratedType) return this.plainType(this.#implOf(type));
    if (type instanceof VariantType) return this.plainType(this.#variantOf(type));
    return type;
  }
  #implOf(type: DecoratedType): SqlType {
    return type.hooks.implFor?.(this) ?? type.impl;
  }
  #variantOf(type: VariantType): SqlType {
    for (const name of this.optionNames) {
      const found = type.variants.get(name);
      if (found !== undefined) return found;
    }
    return type.base;
  }
  protected adapter(type: SqlType): TypeAdapter {
    if (type instanceof UserDefinedType) return this.#adapterOfOwn(type);
    const found = (this.adapters as { readonly [kind: string]: TypeAdapter })[type.kind];
    if (found === undefined) {
      throw new CompileError(
        `${this.name} has no type for '${type}'. Give the column a variant or another type.`,
        "type.unsupported",
      );
    }
    return found;
  }
  #adapterOfOwn(type: UserDefinedType): TypeAdapter {
    let found = this.#own.get(type.id);
    if (found !== undefined) return found;
    const literal = type.literalProcessor(this);
    found = {
      ddl: () => type.columnSpec(this),
      castDdl: () => type.castSpec(this),
      bind: () => type.bindProcessor(this) as Convert | null,
      result: () => type.resultProcessor(this) as Convert | null,
      bindSuffix: () => type.bindSuffix(this),
      ...(literal !== null && { literal: () => literal as (value: unknown) => string }),
    };
    this.#own.set(type.id, found);
    return found;
  }
  ddlType(type: SqlType): string {
    const plain = this.plainType(type);
    const own = typeCompilation(this.optionNames, plain);
    if (own !== undefined) return own(plain as never, this);
    return plain instanceof SpelledType ? plain.spelling : this.adapter(plain).ddl(plain, this);
  }
  castType(type: SqlType): string {
    const plain = this.plainType(type);
    if (plain instanceof SpelledType) return this.spelledCast(plain);
    const adapter = this.adapter(plain);
    return adapter.castDdl === undefined ? this.ddlType(plain) : adapter.castDdl.call(adapter, plain, this);
  }
  /** CAST to a type with a spelling of its own; databases with few types in CAST take the type it stands on. */
  protected spelledCast(type: SpelledType): string {
    return type.spelling;
  }
  bindSuffix(type: SqlType): string {
    const plain = this.plainType(type);
    if (plain instanceof SpelledType) return this.bindSuffix(plain.base);
    return this.adapter(plain).bindSuffix?.(plain, this) ?? "";
  }
  bindProcessor(type: SqlType): Convert | null {
    let found = this.#binds.get(type.id);
    if (found === undefined) this.#binds.set(type.id, (found = this.#makeBind(type)));
    return found;
  }
  resultProcessor(type: SqlType): Convert | null {
    let found = this.#results.get(type.id);
    if (found === undefined) this.#results.set(type.id, (found = this.#makeResult(type)));
    return found;
  }
  #makeBind(type: SqlType): Convert | null {
    if (type instanceof VariantType) return this.bindProcessor(this.#variantOf(type));
    if (type instanceof SpelledType) return this.bindProcessor(type.base);
    if (!(type instanceof DecoratedType)) return this.adapter(type).bind?.(type, this) ?? null;
    const inner = this.bindProcessor(this.#implOf(type));
    const { toDatabase, bindsNull } = type.hooks;
    const convert = (value: unknown) => converted(toDatabase(value, this) ?? null, inner);
    return bindsNull ? takingNull(convert) : convert;
  }
  #makeResult(type: SqlType): Convert | null {
    if (type instanceof VariantType) return this.resultProcessor(this.#variantOf(type));
    if (type instanceof SpelledType) return this.resultProcessor(type.base);
    if (!(type instanceof DecoratedType)) return this.adapter(type).result?.(type, this) ?? null;
    const inner = this.resultProcessor(this.#implOf(type));
    const { fromDatabase, readsNull } = type.hooks;
    const convert = (value: unknown) => fromDatabase(converted(value, inner), this);
    return readsNull ? takingNull(convert) : convert;
  }
  /** SQL around a parameter of this type, as its adapter says; `compile/type-wrapping.ts` adds what decorators say. */
  adapterWrap(type: SqlType, which: "wrapBind" | "wrapColumn"): ((sql: string) => string) | undefined {
    const plain = this.plainType(type);
    return plain instanceof SpelledType || plain instanceof TupleType
      ? undefined
      : this.adapter(plain)[which]?.(plain, this);
  }
  /** The driver's form of a value nobody declared a type for: by the type its JavaScript value suggests. */
  bindUndeclared(value: unknown): unknown {
    if (value === null || value === undefined) return null;
    const type = typeOfValue(value);
    if (type === NULL_TYPE) return value;
    const process = this.bindProcessor(type);
    return process === null ? value : process(value);
  }
  /** A value written into SQL text: for DDL, offline scripts and printing. */
  literal(value: unknown, type: SqlType): string {
    if (type instanceof DecoratedType) {
      const { toLiteral, toDatabase, bindsNull } = type.hooks;
      if ((value === null || value === undefined) && !bindsNull) return "NULL";
      return this.literal((toLiteral ?? toDatabase)(value ?? null, this), this.#implOf(type));
    }
    if (value === undefined || (value === null && this.bindProcessor(type)?.takesNull === undefined)) return "NULL";
    if (type instanceof VariantType) return this.literal(value, this.#variantOf(type));
    if (type instanceof SpelledType) return this.literal(value, type.base);
    const make = this.adapter(type).literal;
    if (make !== undefined) return make.call(this.adapter(type), type, this)(value);
    const bound = this.bindProcessor(type);
    return this.literalOf(bound === null ? value : bound(value));
  }
  /** A driver-level value as a literal. */
  protected literalOf(value: unknown): string {
    switch (typeof value) {
      case "number":
        if (!Number.isFinite(value)) throw new CompileError(`${value} has no literal in ${this.name}.`);
        return String(value);
      case "bigint":
        return String(value);
      case "boolean":
        return value ? "true" : "false";
      case "string":
        return this.stringLiteral(value);
      default:
        if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex")}'`;
        throw new CompileError(`A value of type ${typeof value} has no literal in ${this.name}.`);
    }
  }
  stringLiteral(value: string): string {
    return `'${value.replaceAll("'", "''")}'`;
  }
  /** An identifier, quoted when it has to be: reserved, mixed case or odd characters. */
  quote(name: string): string {
    return /^[a-z_][a-z0-9_$]*$/.test(name) && !this.reservedWords.has(name) ? name : this.quoteAlways(name);
  }
  quoteAlways(name: string): string {
    const q = this.identifierQuote;
    if (name.includes("\0")) throw new CompileError("A name holds a NUL character.", "name.invalid");
    if (!name.isWellFormed())
      throw new CompileError(`The name ${JSON.stringify(name)} holds half of a character.`, "name.invalid");
    return q + name.replaceAll(q, q + q) + q;
  }
}
