/** A form inside a form, submitted as `name-sub`. Source: WTForms, "Field Enclosures: FormField". */
import { FormDefinitionError, FormError } from "../errors.js";
import type { Translations } from "../i18n.js";
import type {
  Binding,
  ErrorTree,
  Field,
  FieldOptions,
  Filter,
  FormInput,
  FormValue,
  Widget,
  WidgetField,
} from "../types.js";
import { type AnyValidator, runChain } from "../validators/chain.js";
import { tableWidget } from "../widgets/composite.js";
import { FieldBase } from "./base.js";
import { type AnyField, type Unbound, unbound } from "./unbound.js";

/** What a form gets from the field around it. */
export interface NestedOptions {
  readonly obj: unknown;
  readonly prefix: string;
  readonly csrf: false;
  readonly translations: Translations;
  readonly prepared?: ReadonlyMap<string, unknown>;
}

/** A form as the field around it sees it. */
interface NestedForm extends Iterable<AnyField> {
  readonly data: Record<string, unknown>;
  readonly errors: { readonly [name: string]: ErrorTree };
  readonly formErrors: string[];
  validate(): Promise<boolean>;
  populate(target: object): void;
}
interface NestedClass {
  new (input: FormInput | null, options: NestedOptions): NestedForm;
  prepareFields?(): Promise<ReadonlyMap<string, unknown>>;
}

/** Options of {@link formField}. */
export interface FormFieldOptions<D> {
  readonly label?: string;
  readonly separator?: string;
  readonly default?: Partial<D> | object | (() => Partial<D> | object);
  /** Makes the object that `populate` fills where the target has none yet, as `() => new Address()`. */
  readonly create?: () => object;
  readonly description?: string;
  readonly id?: string;
  readonly name?: string;
  readonly widget?: Widget;
}

/** A nested form on a form; its fields are reached through `.form`, in templates also directly. */
export interface NestedField<F extends { readonly data: unknown; readonly errors: unknown }>
  extends Field<F["data"], F["errors"]> {
  readonly form: F;
}

interface InnerOptions extends FieldOptions<Record<string, unknown>> {
  readonly form: NestedClass;
  readonly separator?: string;
  readonly create?: () => object;
  readonly prepared?: ReadonlyMap<string, unknown>;
}

class FormField extends FieldBase<Record<string, unknown>> {
  static override readonly type = "FormField";
  form!: NestedForm;
  readonly options: InnerOptions;
  #fallback: unknown = null;

  constructor(binding: Binding, label: string | undefined, options: InnerOptions) {
    super(binding, label, options);
    this.options = options;
  }

  static async prepare(options: InnerOptions): Promise<InnerOptions> {
    const prepared = await options.form.prepareFields?.();
    return prepared === undefined ? options : { ...options, prepared };
  }

  override get data(): Record<string, unknown> {
    return this.form.data;
  }

  override set data(value: Record<string, unknown> | null) {
    this.process(null, value ?? {});
  }

  override get errors(): ErrorTree {
    return this.form.errors;
  }

  [Symbol.iterator](): Iterator<WidgetField> {
    return this.form[Symbol.iterator]();
  }

  override process(input: FormInput | null, data?: unknown, extraFilters: readonly Filter<never>[] = []): void {
    if (extraFilters.length > 0) {
      throw new FormDefinitionError(
        "forms.definition",
        `'${this.name}' is a form and takes no filters; declare them on its fields.`,
      );
    }
    const given = data === undefined ? this.defaultData() : data;
    if (data === undefined) this.#fallback = given;
    this.objectData = given;
    const { form: FormClass, separator = "-", prepared } = this.options;
    this.form = new FormClass(input, {
      obj: given,
      prefix: this.name + separator,
      csrf: false,
      translations: this.binding.translations,
      ...(prepared && { prepared }),
    });
    for (const field of this.form) {
      // Never over a member of the field itself: `address.name` stays the HTML name.
      if (!(field.shortName in FormField.prototype) && !Object.hasOwn(this, field.shortName)) {
        Object.defineProperty(this, field.shortName, { get: () => field, configurable: true });
      }
    }
  }

  override processFormdata(_values: readonly FormValue[]): void {}

  override htmlValue(): false {
    return false;
  }

  override addError(message: string): void {
    this.form.formErrors.push(message);
  }

  /** The nested form validates itself; an inline validator's message becomes its form-level error. */
  override async validate(form: unknown, extraValidators: readonly AnyValidator[] = []): Promise<boolean> {
    const good = await this.form.validate();
    const own: string[] = [];
    await runChain(extraValidators, form, this, own);
    this.form.formErrors.push(...own);
    return good && own.length === 0;
  }

  /** Fills the target's own object; makes one with `create` where there is none. */
  override populate(target: Record<string, unknown>, name: string): void {
    const existing = target[name];
    if (typeof (existing as { then?: unknown } | null | undefined)?.then === "function") {
      throw new FormError(
        "forms.populate",
        `'${name}' of the target is not loaded yet: await it before form.populate(target).`,
      );
    }
    const object = existing ?? this.#fallback ?? this.options.create?.() ?? this.#plainFor(target, name);
    this.form.populate(object as object);
    if (object !== existing) target[name] = object;
  }

  protected override defaultWidget(): Widget {
    return tableWidget();
  }

  #plainFor(target: object, name: string): object {
    const prototype = Object.getPrototypeOf(target) as unknown;
    if (prototype === Object.prototype || prototype === null) return {};
    throw new FormError(
      "forms.populate",
      `The target has no object at '${name}' to fill: pass formField(…, { create: () => new Something() }) or set one first.`,
    );
  }
}

/**
 * A form as a field: `address: formField(AddressForm)` gives `form.data.address.street` and `form.address.form.street`.
 * The nested form carries no CSRF token of its own.
 */
export function formField<F extends { readonly data: unknown; readonly errors: unknown }>(
  form: new (...args: never[]) => F,
  options: FormFieldOptions<F["data"]> = {},
): Unbound<F["data"], NestedField<F>> {
  if (typeof form !== "function") {
    throw new FormDefinitionError("forms.definition", "formField() takes a form class, as in formField(AddressForm).");
  }
  const { label, ...rest } = options;
  // The class is used through the face of nested forms, which every class made by Form() has.
  const inner = { ...rest, form: form as unknown as NestedClass } as InnerOptions;
  return unbound<Record<string, unknown>, InnerOptions, never>(FormField, label, inner) as unknown as Unbound<
    F["data"],
    NestedField<F>
  >;
}
