/** What a field literal is before a form binds it: class, label and options, shared by all forms of the class. */
import type { Binding, Field } from "../types.js";
import { checkFieldOptions, type FieldBase } from "./base.js";

/** The phantom key under which an unbound field carries its data type. */
export declare const value: unique symbol;

/** A bound field of unknown data type. */
export type AnyField = FieldBase<unknown>;

/** A declared field of data type `T` that becomes an `F` on the form. */
export class UnboundField<out T, out F = Field<T>> {
  declare readonly [value]: T;
  declare readonly field: F;
  /** The HTML name, where it was set apart from the property's. */
  readonly name: string | undefined;
  readonly #bind: (binding: Binding) => AnyField;
  readonly #prepare: (() => Promise<UnboundField<T, F>>) | null;

  constructor(
    name: string | undefined,
    bind: (binding: Binding) => AnyField,
    prepare: (() => Promise<UnboundField<T, F>>) | null,
  ) {
    this.name = name;
    this.#bind = bind;
    this.#prepare = prepare;
  }

  bind(binding: Binding): AnyField {
    return this.#bind(binding);
  }

  /** Resolves what must be awaited before binding (choices from a query); itself when there is nothing. */
  async prepare(): Promise<UnboundField<T, F>> {
    return this.#prepare === null ? this : this.#prepare();
  }
}

/** The declared type of a field literal. */
export type Unbound<T, F = Field<T>> = UnboundField<T, F>;

/** What every field's options have, whatever its data type. */
interface DeclaredOptions {
  readonly name?: string;
  readonly validators?: readonly unknown[];
}

/** A field class; `prepare` resolves options that need an await. */
export interface FieldClass<T, O> {
  new (binding: Binding, label: string | undefined, options: O): FieldBase<T>;
  readonly type: string;
  prepare?(options: O): Promise<O> | null;
}

/**
 * Makes the declaration function of a field class; see {@link FieldBase} for an example.
 *
 * @throws FormDefinitionError `forms.validator` when something in `validators` is no validator.
 */
export function unbound<T, O extends DeclaredOptions, F = Field<T>>(
  type: FieldClass<T, O>,
  label: string | undefined,
  options: O,
): Unbound<T, F> {
  checkFieldOptions(label, options, type.type);
  const prepare = async (): Promise<UnboundField<T, F>> => {
    const pending = type.prepare?.(options) ?? null;
    return pending === null ? declared : unbound<T, O, F>(type, label, await pending);
  };
  const declared: UnboundField<T, F> = new UnboundField<T, F>(
    options.name,
    (binding) => new type(binding, label, options) as AnyField,
    type.prepare === undefined ? null : prepare,
  );
  return declared;
}
