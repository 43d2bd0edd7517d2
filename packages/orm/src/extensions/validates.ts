/**
 * Values checked or changed where they are set: constructor, assignment, arrival in a collection. Loaded rows are not.
 * Source: SQLAlchemy "Simple Validators".
 */
import { type AnyModel, ArgumentError, didYouMean, type PropsOf } from "@athanor/core";
import { declarationOf } from "../mapping/declaration.js";
import type { Managed } from "../mapping/state.js";

export interface ValidationInfo {
  readonly key: string;
  readonly instance: object;
  /** A member is about to leave: only with `includeRemoves`. */
  readonly isRemove: boolean;
}
export interface ValidatesOptions {
  /** Members that leave a collection are shown too. Default false. */
  readonly includeRemoves?: boolean;
  /** Also what arrives because the other side of the relationship was set. Default true. */
  readonly includeBackrefs?: boolean;
}

/**
 * Runs `validate` for each value of these attributes: what it throws refuses the value, what it returns is set instead
 * (for columns; members of relationships are taken or refused as they are).
 *
 * @example
 * class User extends Model("User", { id: integer().primaryKey(), email: string(80) }) {
 *   static { validates(this, ["email"], (value) => { if (!String(value).includes("@")) throw new Error("no address"); return value; }); }
 * }
 * @throws ArgumentError for a name that is no column and no relationship
 */
export function validates<M extends AnyModel>(
  model: M,
  keys: readonly (keyof PropsOf<M> & string)[],
  validate: (value: unknown, info: ValidationInfo) => unknown,
  options: ValidatesOptions = {},
): void {
  const declaration = declarationOf(model);
  if (declaration === undefined) throw new ArgumentError("validates(): the first argument is a model.");
  const { includeRemoves = false, includeBackrefs = true } = options;
  const prototype = declaration.generated.prototype as object;
  // Values of `new` go through the accessors, too.
  declaration.watch();
  for (const key of keys) {
    if (!declaration.keys.includes(key))
      throw new ArgumentError(
        `validates(${declaration}): there is no attribute '${key}'.${didYouMean(key, declaration.keys)}`,
        "orm.unknown-attribute",
      );
    if (!declaration.layout.some((c) => c.key === key)) {
      const list = declaration.validators.get(key) ?? [];
      declaration.validators.set(key, [...list, { validate, includeRemoves, includeBackrefs }]);
      continue;
    }
    let plain: PropertyDescriptor | undefined;
    for (
      let up: object | null = prototype;
      up !== null && plain === undefined;
      up = Object.getPrototypeOf(up) as object | null
    )
      plain = Object.getOwnPropertyDescriptor(up, key);
    const accessor = plain as PropertyDescriptor;
    Object.defineProperty(prototype, key, {
      configurable: true,
      get(this: Managed): unknown {
        return accessor.get?.call(this);
      },
      set(this: Managed, value: unknown) {
        accessor.set?.call(this, validate(value, { key, instance: this, isRemove: false }));
      },
    });
  }
}
