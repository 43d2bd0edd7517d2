/**
 * Value objects over several columns, and expressions that read alike on objects and in SQL.
 * Source: SQLAlchemy "Composite Column Types", "Hybrid Attributes".
 */
import { ArgumentError, type Condition, conjunction, didYouMean, Expression, FALSE, operators } from "@athanor/core";
import { NotLoadedError } from "../errors.js";
import { describeInstance } from "../mapping/collection.js";
import { LazyColumn } from "../mapping/lazy.js";
import { mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, managed, UNLOADED } from "../mapping/state.js";

/** A composite as a part of a larger one. */
export interface CompositePart<K extends string> {
  /** The attributes that hold it. */
  readonly keys: readonly K[];
  fromParts(parts: readonly unknown[]): unknown;
  toParts(value: never): readonly unknown[];
}
/** How a value object is made of columns. */
export interface CompositeParts<V, K extends string> {
  /** Attributes that hold the parts, in order; a value object among the parts is a composite of its own. */
  readonly columns: readonly (K | CompositePart<K>)[];
  /** From the parts, in the order of `columns`. */
  readonly make: (...parts: never[]) => V;
  /** Back into the parts. */
  readonly parts: (value: V) => readonly unknown[];
  /** Parts that stand for no value at all. Default: all of them null. */
  readonly isNull?: (parts: readonly unknown[]) => boolean;
}
type HasColumns<K extends string> = { readonly c: { readonly [_ in K]: unknown } };
/** The value's columns at one place of a statement. */
export interface CompositeColumns<V> {
  /** For select lists and orderings, in order. */
  readonly columns: readonly Expression[];
  eq(value: V | null): Condition;
  ne(value: V | null): Condition;
  in(values: readonly V[]): Condition;
}

export class Composite<V, K extends string> implements CompositePart<K> {
  readonly #of: CompositeParts<V, K>;
  readonly keys: readonly K[];
  readonly #last = new WeakMap<Managed, { readonly parts: readonly unknown[]; readonly value: V }>();
  constructor(of: CompositeParts<V, K>) {
    if (of.columns.length === 0) throw new ArgumentError("composite(): name the columns that hold the parts.");
    this.#of = of;
    this.keys = of.columns.flatMap((c) => (typeof c === "string" ? [c] : c.keys));
  }
  /** The value that these parts stand for, in the order of `keys`. */
  fromParts(parts: readonly unknown[]): V | null {
    const isNull = this.#of.isNull ?? ((all) => all.every((p) => p === null));
    if (isNull(parts)) return null;
    let at = 0;
    const given = this.#of.columns.map((c) => {
      if (typeof c === "string") return parts[at++];
      const own = parts.slice(at, at + c.keys.length);
      at += c.keys.length;
      return c.fromParts(own);
    });
    return this.#of.make(...(given as never[]));
  }
  /** Back into the parts, in the order of `keys`. */
  toParts(value: V | null): readonly unknown[] {
    if (value === null) return this.keys.map(() => null);
    const { columns } = this.#of;
    const parts = this.#of.parts(value);
    if (parts.length !== columns.length)
      throw new ArgumentError(
        `composite(): ${columns.length} parts (${this.keys.join(", ")}), but parts() gave ${parts.length}.`,
        "orm.composite",
      );
    return columns.flatMap((c, i) => (typeof c === "string" ? [parts[i]] : c.toParts(parts[i] as never)));
  }
  /** For `update(Line).set(start.changes(new Point(1, 2)))`. */
  changes(value: V | null): { readonly [_ in K]: never } {
    const parts = this.toParts(value);
    return Object.fromEntries(this.keys.map((key, i) => [key, parts[i]])) as { readonly [_ in K]: never };
  }
  /** The value of an object; the same one until a part changes. Null when the parts say so. @throws NotLoadedError */
  get(owner: object): V | null {
    const instance = this.#check(owner);
    const fields = instance as unknown as { readonly [key: string]: unknown };
    const parts = this.keys.map((key) => {
      const part = fields[key];
      // Half a value is no value: what is deferred has to come first.
      if (part instanceof LazyColumn)
        throw new NotLoadedError(
          `composite(): the part '${key}' of ${describeInstance(instance)} is not loaded yet: await object.${key} first, or select it with .options(undefer(${mapperOfInstance(instance).name}.c.${key})).`,
        );
      return part;
    });
    const last = this.#last.get(instance);
    if (last?.parts.every((p, i) => Object.is(p, parts[i]))) return last.value;
    const value = this.fromParts(parts);
    if (value === null) return null;
    this.#last.set(instance, { parts, value });
    return value;
  }
  /** Writes the parts; only those that differ count as changed. */
  set(owner: object, value: V | null): void {
    const instance = this.#check(owner);
    const parts = this.toParts(value);
    const lacking = this.keys[parts.indexOf(undefined)];
    if (lacking !== undefined)
      throw new ArgumentError(
        `composite(): the part '${lacking}' for ${describeInstance(instance)} is undefined; give null for SQL NULL.`,
        "argument.undefined",
      );
    const fields = instance as unknown as Record<string, unknown>;
    this.keys.forEach((key, i) => {
      fields[key] = parts[i];
    });
    if (value !== null) this.#last.set(instance, { parts, value });
  }
  /** After the value object itself was changed: writes its parts. */
  changed(owner: object): void {
    const last = this.#last.get(this.#check(owner));
    if (last !== undefined) this.set(owner, last.value);
  }
  /** The columns of a model or of an alias of it, for criteria. */
  on(place: HasColumns<K>): CompositeColumns<V> {
    const columns = this.keys.map((key) => {
      const column = place.c[key];
      if (column instanceof Expression) return column;
      throw new ArgumentError(
        `composite(): there is no column '${key}' here.${didYouMean(key, Object.keys(place.c))}`,
        "orm.unknown-attribute",
      );
    });
    const all = (value: V | null) => {
      const parts = this.toParts(value);
      return columns.map((column, i) => (parts[i] === null ? column.isNull() : column.eq(parts[i])));
    };
    const same = (value: V | null) => conjunction(operators.and, all(value));
    return {
      columns,
      eq: (value) => same(value) as unknown as Condition,
      // NULL in a part is no answer to "not equal": rows without the value differ too.
      ne: (value) => {
        const parts = this.toParts(value);
        const differs = columns.flatMap((column, i) =>
          parts[i] === null ? [column.isNotNull()] : [column.ne(parts[i]), column.isNull()],
        );
        return conjunction(operators.or, differs) as unknown as Condition;
      },
      in: (values) =>
        (values.length === 0 ? FALSE : conjunction(operators.or, values.map(same))) as unknown as Condition,
    };
  }
  #check(owner: object): Managed {
    const instance = managed(owner);
    if (instance === undefined) throw new ArgumentError("composite(): a mapped object is needed, mostly 'this'.");
    const mapper = mapperOfInstance(instance);
    for (const key of this.keys)
      if (!(`$${key}` in instance) && mapper.attribute(key) === undefined)
        throw new ArgumentError(
          `composite(): ${mapper} has no column '${key}'.${didYouMean(key, mapper.keys)}`,
          "orm.unknown-attribute",
        );
    return instance;
  }
  /** Whether all parts are at hand. */
  isLoaded(owner: object): boolean {
    const instance = this.#check(owner);
    return this.keys.every((key) => instance[`$${key}`] !== UNLOADED);
  }
}

/**
 * A value object over several columns: a getter and a setter for instances, equality in SQL for the class and its
 * aliases. Value objects are best immutable; after changing one in place call `changed(this)`.
 *
 * @example
 * const start = composite({ columns: ["x1", "y1"], make: (x: number, y: number) => new Point(x, y), parts: (p) => [p.x, p.y] });
 * class Line extends Model("Line", { id: integer().primaryKey(), x1: integer(), y1: integer() }) {
 *   get start() { return start.get(this); }
 *   set start(p: Point | null) { start.set(this, p); }
 *   static get start() { return start.on(Line); }
 * }
 * select(Line).where(Line.start.eq(new Point(1, 2)))
 * @throws ArgumentError for names that are no columns
 */
export function composite<V, const K extends string>(of: CompositeParts<V, K>): Composite<V, K> {
  return new Composite(of);
}
