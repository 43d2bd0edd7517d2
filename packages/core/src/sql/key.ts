/**
 * The structure of a statement as a list of small numbers and names, and its parameters on the side: one walk yields
 * both. Two statements with equal keys share one compiled text. Source: SQLAlchemy "SQL Compilation Caching".
 */

let count = 0;
/** A number for an object that takes part in keys by identity: a table, a column, a mapping. */
export function nextId(): number {
  return ++count;
}

/** What a walk needs to know of a bound value. */
export interface KeyedBind {
  readonly value: unknown;
}
/** What a walk needs to know of a parameter with a name. */
export interface KeyedNamedBind extends KeyedBind {
  readonly parameter: string;
  /** Makes the value at each execution. */
  readonly callable: (() => unknown) | undefined;
}

/** Collects the key. One writer is reused for all statements of a thread: walks never await. */
export class KeyWriter {
  ids = new Int32Array(2048);
  n = 0;
  /** Of a writer used again (`again()`), the lists are longer than what counts. */
  texts: string[] = [];
  textCount = 0;
  params: unknown[] = [];
  paramCount = 0;
  /** The bind nodes in the order of `params`, where somebody wants them. */
  binds: KeyedBind[] | undefined;
  /** A value was made for this execution alone. */
  volatile = false;
  /** An element that declares no structure switches caching off for the statement. */
  cacheable = true;
  /** Values given by `params()` on the statement being walked. */
  named: { readonly [name: string]: unknown } | undefined;
  /** Clauses of a query have to agree (GROUP BY, DISTINCT): equal values make equal expressions. */
  agrees = false;
  /** The walk only collects parameter nodes: no value is made. */
  nodesOnly = false;
  #anonymous: object[] = [];

  reset(recordBinds = false): this {
    this.texts = [];
    this.params = [];
    this.binds = recordBinds ? [] : undefined;
    return this.again();
  }
  /** For another walk with the same lists: nothing is allocated. */
  again(): this {
    this.n = 0;
    this.textCount = 0;
    this.paramCount = 0;
    this.cacheable = true;
    this.volatile = false;
    this.named = undefined;
    this.agrees = false;
    if (this.#anonymous.length > 0) this.#anonymous = [];
    return this;
  }
  id(x: number): void {
    if (this.n === this.ids.length) {
      const larger = new Int32Array(this.n * 2);
      larger.set(this.ids);
      this.ids = larger;
    }
    this.ids[this.n++] = x;
  }
  text(s: string): void {
    this.texts[this.textCount++] = s;
  }
  param(bind: KeyedBind, typeId: number): void {
    this.id(typeId);
    this.#param(bind, bind.value);
  }
  #param(bind: KeyedBind, value: unknown): void {
    const at = this.paramCount++;
    this.params[at] = value;
    if (this.binds !== undefined) this.binds[at] = bind;
  }
  namedParam(bind: KeyedNamedBind, typeId: number): void {
    this.id(typeId);
    const { named } = this;
    if (named !== undefined && bind.parameter in named) this.#param(bind, named[bind.parameter]);
    else if (bind.callable === undefined || this.nodesOnly) this.#param(bind, bind.value);
    else {
      this.volatile = true;
      this.#param(bind, bind.callable());
    }
  }
  /**
   * For what has no lasting id (an anonymous alias, a subquery): true at the first meeting, when the caller writes the
   * whole structure; later meetings write only the ordinal.
   */
  first(x: object): boolean {
    const at = this.#anonymous.indexOf(x);
    if (at >= 0) {
      this.id(-1 - at);
      return false;
    }
    this.#anonymous.push(x);
    this.id(-this.#anonymous.length);
    return true;
  }
}

/** Operation codes: the first number of each node in a key. Dense and stable within a process only. */
export const OP = {
  bind: 1,
  column: 2,
  binary: 3,
  unary: 4,
  list: 5,
  between: 6,
  inList: 7,
  label: 8,
  ordering: 9,
  call: 10,
  over: 11,
  case: 12,
  cast: 13,
  scalar: 14,
  exists: 15,
  extract: 16,
  constant: 17,
  raw: 18,
  tuple: 19,
  filter: 20,
  withinGroup: 21,
  collate: 22,
  jsonPath: 23,
  quantified: 24,
  typeCoerce: 25,
  star: 26,
  inArray: 27,
  namedBind: 28,
  derivedColumn: 29,
  table: 30,
  alias: 31,
  subquery: 32,
  cte: 33,
  join: 34,
  values: 35,
  tableFunction: 36,
  lateral: 37,
  rows: 38,
  select: 40,
  compound: 41,
  insert: 42,
  update: 43,
  delete: 44,
  text: 45,
  anyAll: 46,
  regexpReplace: 47,
  grouping: 48,
  tryCast: 49,
  entity: 50,
  option: 51,
  extension: 52,
  field: 53,
  tableValue: 54,
  dmlColumn: 55,
  array: 56,
  nextValue: 57,
  viewedColumn: 58,
  entityRows: 59,
  repeat: 60,
  polymorphicUnion: 62,
  nullOf: 63,
  viewedDerivedColumn: 61,
  end: 99,
} as const;
