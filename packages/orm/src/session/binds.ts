/**
 * Engines by model, base or table: what a session is given as `binds`. The nearest one wins: the class, its bases, the
 * project's base, the tables; for statements without a model the first table that has one.
 * Source: SQLAlchemy "Partitioning Strategies", `Session.get_bind`.
 */
import { ArgumentError, type Element, fromClause, Table } from "@athanor/core";
import { type Declaration, declarationOf } from "../mapping/declaration.js";
import type { Mapper } from "../mapping/mapper.js";
import { tablesOf } from "../query/run-plan.js";
import type { Bind } from "./connections.js";

/** A model, what `declarativeBase()` gave or was given, or a table. */
export type BindKey = Function | object;

export class Binds {
  /** Declarations, registries, classes and tables. */
  readonly #byKey = new Map<object, Bind>();
  readonly #byMapper = new Map<Mapper, Bind | undefined>();

  /** @throws ArgumentError for a key that is none of these */
  constructor(entries: Iterable<readonly [BindKey, Bind]>) {
    for (const [key, bind] of entries) this.#byKey.set(keyOf(key), bind);
  }
  find(mapper: Mapper | null, statement: Element | undefined): Bind | undefined {
    if (mapper !== null) {
      if (!this.#byMapper.has(mapper)) this.#byMapper.set(mapper, this.#ofMapper(mapper));
      return this.#byMapper.get(mapper);
    }
    if (statement === undefined) return undefined;
    for (const table of tablesOf(statement)) {
      const bind = this.#byKey.get(table);
      if (bind !== undefined) return bind;
    }
    return undefined;
  }
  #ofMapper(mapper: Mapper): Bind | undefined {
    const declaration = declarationOf(mapper.model);
    for (let d: Declaration | undefined = declaration; d !== undefined; d = d.parent) {
      const bind = this.#byKey.get(d);
      if (bind !== undefined) return bind;
    }
    for (let type = mapper.model as Function | null; type !== null; type = Object.getPrototypeOf(type)) {
      const bind = this.#byKey.get(type);
      if (bind !== undefined) return bind;
    }
    const base = declaration === undefined ? undefined : this.#byKey.get(declaration.registry);
    if (base !== undefined) return base;
    for (const table of mapper.tables.toReversed()) {
      const bind = this.#byKey.get(table);
      if (bind !== undefined) return bind;
    }
    return undefined;
  }
}

function keyOf(key: unknown): object {
  const declaration = declarationOf(key);
  if (declaration !== undefined) return declaration;
  if (key instanceof Table) return key;
  if (typeof key === "function") return (key as { readonly registry?: object }).registry ?? key;
  const from = (key as { readonly [fromClause]?: unknown } | null | undefined)?.[fromClause];
  if (from instanceof Table) return from;
  throw new ArgumentError(
    "binds: each entry is [model, base or table, engine], such as [[User, mainEngine], [Log, logEngine]].",
    "session.binds",
  );
}
