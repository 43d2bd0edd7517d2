/**
 * The base of every field: binding, processing, validation and rendering. A bound field is a function (see
 * callable.ts), so that templates can both print and call it. Source: WTForms, "Fields: The Field base class".
 */
import { CallableObject } from "../callable.js";
import { FormDefinitionError, ValidationError } from "../errors.js";
import { type AttributeBag, type Attributes, mergeAttributes } from "../html.js";
import { Label, titleFromName } from "../label.js";
import type {
  Binding,
  ErrorTree,
  Field,
  FieldFlags,
  FieldOptions,
  Filter,
  FormInput,
  FormValue,
  Widget,
} from "../types.js";
import { type AnyValidator, checkValidators, flagsOf, runChain, runGuarded } from "../validators/chain.js";
import type { Markup } from "../web.js";
import { textInput } from "../widgets/inputs.js";

// biome-ignore lint/correctness/noUnusedVariables: merged declarations must have the same parameters
export interface FieldBase<T> {
  // biome-ignore lint/style/useShorthandFunctionType: merged with the class, which a type alias cannot be
  (attributes?: Attributes): Markup;
}

/**
 * Extend it for a field type of your own: `processFormdata` reads what was submitted, `htmlValue` writes it back.
 *
 * ```ts
 * class TagsField extends FieldBase<string[]> {
 *   override processFormdata(values: readonly FormValue[]) {
 *     if (values.length > 0) this.data = String(values[0]).split(",").map((tag) => tag.trim());
 *   }
 *   override htmlValue() { return this.data?.join(", ") ?? ""; }
 * }
 * export const tagsField = (label?: string, options: FieldOptions<string[]> = {}) => unbound(TagsField, label, options);
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor really returns a function
export abstract class FieldBase<T> extends CallableObject implements Field<T, ErrorTree> {
  /** Overridden by each class, since minifiers rename classes. */
  static readonly type: string = "Field";

  readonly name: string;
  readonly shortName: string;
  readonly prefix: string;
  readonly id: string;
  readonly label: Label;
  readonly description: string;
  readonly flags: FieldFlags;
  readonly widget: Widget;
  readonly renderKw: Attributes | undefined;
  rawData: readonly FormValue[] | null = null;
  objectData: unknown = null;
  protected readonly binding: Binding;
  protected readonly validators: readonly AnyValidator[];
  protected readonly filters: readonly Filter<T>[];
  protected processErrors: string[] = [];
  protected errorList: string[] = [];
  readonly #default: FieldOptions<T>["default"];
  #data: T | null = null;

  constructor(binding: Binding, label: string | undefined, options: FieldOptions<T>) {
    super();
    this.binding = binding;
    this.shortName = binding.name;
    this.prefix = binding.prefix;
    this.name = binding.prefix + binding.name;
    this.id = options.id ?? binding.id ?? this.name;
    this.label = new Label(this.id, label ?? this.gettext(titleFromName(binding.name)));
    this.description = options.description ?? "";
    // The option's type has matched validators to the field; the chain keeps them untyped.
    this.validators = (options.validators ?? []) as unknown as readonly AnyValidator[];
    this.filters = options.filters ?? [];
    this.renderKw = options.renderKw;
    this.#default = options.default;
    this.widget = options.widget ?? this.defaultWidget();
    this.flags = { ...flagsOf(this.validators), ...this.widget.flags };
  }

  get data(): T | null {
    return this.#data;
  }

  set data(value: T | null) {
    this.#data = value;
  }

  get errors(): ErrorTree {
    return this.errorList;
  }

  get type(): string {
    const own = this.constructor as typeof FieldBase<T>;
    return Object.hasOwn(own, "type") ? own.type : own.name;
  }

  gettext(message: string): string {
    return this.binding.translations.gettext(message);
  }

  ngettext(singular: string, plural: string, count: number): string {
    return this.binding.translations.ngettext(singular, plural, count);
  }

  /** Takes data from the object side, then from the submitted side, then through the filters. */
  process(input: FormInput | null, data?: unknown, extraFilters: readonly Filter<never>[] = []): void {
    this.processErrors = [];
    this.rawData = null;
    const given = data === undefined ? this.defaultData() : data;
    this.objectData = given;
    this.collect(() => this.processData(given));
    if (input !== null) {
      const raw = input.getAll(this.name);
      this.rawData = raw;
      this.collect(() => this.processFormdata(raw));
    }
    this.collect(() => {
      for (const filter of [...this.filters, ...(extraFilters as unknown as readonly Filter<T>[])])
        this.data = filter(this.data);
    });
    // Errors of coercion show once the form is validated, not on a page that only displays an object.
    this.errorList = [];
  }

  /** Data from `obj`, `data` or the default. Throw `ValidationError` to report it. */
  processData(value: unknown): void {
    this.data = (value ?? null) as T | null;
  }

  /** Data as submitted; empty when the name did not occur, and then most fields keep what they have. */
  abstract processFormdata(values: readonly FormValue[]): void;

  /** The `value` attribute, or the text of a text area; false for none. */
  abstract htmlValue(): string | false;

  /** Runs `preValidate`, the chain, the extra validators, `postValidate`; the errors replace earlier ones. */
  async validate(form: unknown, extraValidators: readonly AnyValidator[] = []): Promise<boolean> {
    const errors = [...this.processErrors];
    this.errorList = errors;
    checkValidators(extraValidators, this.name);
    let stopped = await runGuarded(errors, () => this.preValidate(form));
    if (!stopped) stopped = await runChain([...this.validators, ...extraValidators], form, this, errors);
    await runGuarded(errors, () => this.postValidate(form, stopped));
    return errors.length === 0;
  }

  /** Checks that belong to the field type, before the chain. */
  preValidate(_form: unknown): void | Promise<void> {}

  /** Checks after the chain; `stopped` tells whether a validator ended it early. */
  postValidate(_form: unknown, _stopped: boolean): void | Promise<void> {}

  /** Truth as the form's user sees it: no value, blank text, zero, an empty list are "nothing". */
  isFilled(): boolean {
    const data: unknown = this.data;
    if (typeof data === "string") return data.trim() !== "";
    if (Array.isArray(data)) return data.length > 0;
    return Boolean(data);
  }

  /** Writes the data into `target[name]`. */
  populate(target: Record<string, unknown>, name: string): void {
    target[name] = this.data;
  }

  /** Appends an error found outside of validation, as `form.email.addError("taken")`. */
  addError(message: string): void {
    this.errorList.push(message);
  }

  /** HTML with attributes, as the call does. */
  render(attributes?: Attributes): Markup {
    const bag: AttributeBag = mergeAttributes(this.renderKw, attributes);
    return this.widget(this, bag);
  }

  protected override invoke(attributes?: unknown): Markup {
    return this.render(attributes as Attributes | undefined);
  }

  protected defaultWidget(): Widget {
    return textInput();
  }

  protected defaultData(): unknown {
    const initial: unknown = this.#default;
    return typeof initial === "function" ? initial() : (initial ?? null);
  }

  protected collect(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      this.processErrors.push(error.message);
    }
  }
}

/** Checks shared by all field declarations. */
export function checkFieldOptions(
  label: unknown,
  options: { readonly validators?: readonly unknown[] },
  type: string,
): void {
  if (label !== undefined && typeof label !== "string") {
    throw new FormDefinitionError(
      "forms.definition",
      `${type}: the label comes first and is a text; options follow it.`,
    );
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new FormDefinitionError(
      "forms.definition",
      `${type}: options are an object, as in { validators: [dataRequired()] }.`,
    );
  }
  checkValidators(options.validators ?? [], label === undefined ? type : `${type} "${label}"`);
}
