/**
 * An element of a JSON document (or array) as an attribute of its own. Source: SQLAlchemy "Indexable".
 */
import { ArgumentError, didYouMean, Expression } from "@athanor/core";
import { mapperOfInstance } from "../mapping/mapper.js";
import { managed } from "../mapping/state.js";

export interface IndexedSettings<V> {
  /** What a missing element reads as. Without it, reading one throws. */
  readonly default?: V;
}
type Document = { [key: string]: unknown } | unknown[];

export class Indexed<V, K extends string> {
  readonly #column: K;
  readonly #path: readonly (string | number)[];
  readonly #settings: IndexedSettings<V>;
  constructor(column: K, path: readonly (string | number)[], settings: IndexedSettings<V>) {
    if (path.length === 0)
      throw new ArgumentError('indexed(): name the element, indexed("data", "theme").', "orm.indexed");
    this.#column = column;
    this.#path = path;
    this.#settings = settings;
  }
  /** @throws ArgumentError where the element is missing and no default was given */
  get(owner: object): V {
    let at: unknown = this.#document(owner);
    for (const step of this.#path)
      at = typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[step] : undefined;
    if (at !== undefined) return at as V;
    if ("default" in this.#settings) return this.#settings.default as V;
    throw new ArgumentError(
      `indexed(): '${this.#column}' has no element ${this.#path.join(".")}; give a default, or set it first.`,
      "orm.indexed-missing",
    );
  }
  /** Writes a changed copy of the document, so that the flush sees it; missing levels are made. */
  set(owner: object, value: V): void {
    const copy = (of: unknown, depth: number): unknown => {
      if (depth === this.#path.length) return value;
      const step = this.#path[depth] as string | number;
      const made: Document = Array.isArray(of)
        ? [...(of as unknown[])]
        : typeof of === "object" && of !== null
          ? { ...of }
          : typeof step === "number"
            ? []
            : {};
      const inside = (made as Record<string | number, unknown>)[step];
      (made as Record<string | number, unknown>)[step] = copy(inside, depth + 1);
      return made;
    };
    const fields = owner as Record<string, unknown>;
    fields[this.#column] = copy(this.#document(owner), 0);
  }
  /** The element in criteria, for a model or an alias of it: `theme.on(User).asText().eq("dark")`. */
  on<E extends { readonly get: (key: never) => unknown }>(place: {
    readonly c: { readonly [_ in K]: E };
  }): ReturnType<E["get"]> {
    let at: unknown = place.c[this.#column];
    for (const step of this.#path) {
      if (!(at instanceof Expression)) break;
      at = at.get(step);
    }
    if (at instanceof Expression) return at as ReturnType<E["get"]>;
    throw new ArgumentError(`indexed(): there is no document column '${this.#column}' here.`, "orm.indexed");
  }
  #document(owner: object): unknown {
    const instance = managed(owner);
    const mapper = instance === undefined ? undefined : mapperOfInstance(instance);
    if (mapper?.attribute(this.#column) === undefined)
      throw new ArgumentError(
        `indexed(): a mapped object with a column '${this.#column}' is needed, mostly 'this'.${mapper === undefined ? "" : didYouMean(this.#column, mapper.keys)}`,
        "orm.indexed",
      );
    return (owner as Record<string, unknown>)[this.#column];
  }
}
/**
 * An element of a document column: a getter and setter for instances, a path in SQL for the class.
 *
 * @example
 * const theme = indexed<string, "settings">("settings", ["ui", "theme"], { default: "light" });
 * class User extends Model("User", { id: integer().primaryKey(), settings: json<Settings>() }) {
 *   get theme() { return theme.get(this); }
 *   set theme(value: string) { theme.set(this, value); }
 * }
 * select(User).where(theme.on(User).asText().eq("dark"))
 */
export function indexed<V, const K extends string = string>(
  column: K,
  path: string | number | readonly (string | number)[],
  settings: IndexedSettings<V> = {},
): Indexed<V, K> {
  return new Indexed<V, K>(column, typeof path === "object" ? path : [path], settings);
}
