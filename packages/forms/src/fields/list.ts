/**
 * A list of fields of one kind, submitted as `name-0`, `name-1-sub`, ... Gaps and order of the indices are kept; indices
 * that are no plain numbers are ignored. Source: WTForms, "Field Enclosures: FieldList".
 */
import { FormDefinitionError, FormError } from "../errors.js";
import type {
  Binding,
  ErrorTree,
  Field,
  FieldOptions,
  Filter,
  FormInput,
  FormValue,
  Validator,
  Widget,
} from "../types.js";
import { type AnyValidator, checkValidators, runChain } from "../validators/chain.js";
import { listWidget } from "../widgets/composite.js";
import { FieldBase } from "./base.js";
import { submittedIndices } from "./submitted-indices.js";
import { type AnyField, type Unbound, UnboundField, unbound } from "./unbound.js";

/** Options of {@link fieldList}. */
export interface ListOptions<T> {
  readonly label?: string;
  /** Blank entries are added up to this number. */
  readonly minEntries?: number;
  /** Entries beyond it are ignored when submitted and refused by `appendEntry`. */
  readonly maxEntries?: number;
  readonly separator?: string;
  readonly validators?: readonly Validator<T[]>[];
  readonly default?: readonly T[] | (() => readonly T[]);
  readonly description?: string;
  readonly id?: string;
  readonly name?: string;
  readonly widget?: Widget;
}

/** A list on a form: iterate it, index it, or render it whole. */
export interface ListField<T, F = Field<T>> extends Field<T[], ErrorTree> {
  readonly entries: readonly F[];
  readonly length: number;
  readonly [index: number]: F;
  /** Adds an entry with optional data; what was submitted does not reach it. */
  appendEntry(data?: T | null): F;
  /** Takes the last entry off. */
  popEntry(): F | undefined;
  [Symbol.iterator](): Iterator<F>;
}

type InnerOptions = FieldOptions<unknown[]> &
  Omit<ListOptions<unknown>, "default" | "validators" | "label"> & { readonly of: UnboundField<unknown, unknown> };

class FieldList extends FieldBase<unknown[]> {
  static override readonly type = "FieldList";
  readonly entries: AnyField[] = [];
  readonly of: UnboundField<unknown, unknown>;
  readonly minEntries: number;
  readonly maxEntries: number;
  readonly separator: string;
  #lastIndex = -1;

  constructor(binding: Binding, label: string | undefined, options: InnerOptions) {
    super(binding, label, options);
    this.of = options.of;
    this.minEntries = options.minEntries ?? 0;
    this.maxEntries = options.maxEntries ?? Number.POSITIVE_INFINITY;
    this.separator = options.separator ?? "-";
  }

  static async prepare(options: InnerOptions): Promise<InnerOptions> {
    return { ...options, of: await options.of.prepare() };
  }

  override get data(): unknown[] {
    return this.entries.map((entry) => entry.data);
  }

  override set data(value: unknown[] | null) {
    this.process(null, value ?? []);
  }

  [Symbol.iterator](): Iterator<AnyField> {
    return this.entries[Symbol.iterator]();
  }

  override process(input: FormInput | null, data?: unknown, extraFilters: readonly Filter<never>[] = []): void {
    if (extraFilters.length > 0) {
      throw new FormDefinitionError(
        "forms.definition",
        `'${this.name}' is a list and takes no filters; declare them on the listed field.`,
      );
    }
    const given = isNonEmpty(data) ? data : (this.defaultData() ?? []);
    this.objectData = given;
    const items = isIterable(given) ? [...given] : [];
    this.entries.length = 0;
    this.#lastIndex = -1;
    if (input === null) for (const item of items) this.#add(null, item);
    else {
      const indices = submittedIndices(input, this.name, this.separator).slice(0, this.maxEntries);
      for (const [position, index] of indices.entries()) this.#add(input, items[position], index);
    }
    while (this.entries.length < this.minEntries) this.#add(input, undefined);
    this.#exposeEntries();
  }

  override processFormdata(_values: readonly FormValue[]): void {}

  override htmlValue(): false {
    return false;
  }

  /** Entries first; then the list's own validators, whose messages follow the entries' errors. */
  override async validate(form: unknown, extraValidators: readonly AnyValidator[] = []): Promise<boolean> {
    checkValidators(extraValidators, this.name);
    let good = true;
    for (const entry of this.entries) if (!(await entry.validate(form))) good = false;
    const own: string[] = [];
    await runChain([...this.validators, ...extraValidators], form, this, own);
    this.errorList = own;
    this.#entriesFailed = !good;
    return good && own.length === 0;
  }
  #entriesFailed = false;

  override get errors(): ErrorTree {
    const own = this.errorList;
    return this.#entriesFailed ? [...this.entries.map((entry) => entry.errors), ...own] : own;
  }

  /** Writes a list; objects already in the target keep their identity. */
  override populate(target: Record<string, unknown>, name: string): void {
    const existing = target[name];
    const candidates = isIterable(existing) ? [...existing] : [];
    const owner = Object.getPrototypeOf(target) === Object.prototype ? {} : Object.create({});
    const output = this.entries.map((entry, index) => {
      const box = Object.assign(owner, { item: candidates[index] ?? null }) as Record<string, unknown>;
      entry.populate(box, "item");
      return box.item;
    });
    const replace = (existing as { replace?: unknown } | null | undefined)?.replace;
    if (typeof existing === "object" && typeof replace === "function") replace.call(existing, output);
    else target[name] = output;
  }

  appendEntry(data?: unknown): AnyField {
    const entry = this.#add(null, data);
    this.#exposeEntries();
    return entry;
  }

  popEntry(): AnyField | undefined {
    const entry = this.entries.pop();
    const last = this.entries.at(-1);
    this.#lastIndex =
      last === undefined ? -1 : Number(last.shortName.slice(this.shortName.length + this.separator.length));
    this.#exposeEntries();
    return entry;
  }

  protected override defaultWidget(): Widget {
    return listWidget();
  }

  #add(input: FormInput | null, data: unknown, index: number = this.#lastIndex + 1): AnyField {
    if (this.entries.length >= this.maxEntries) {
      throw new FormError("forms.entries", `'${this.name}' holds at most ${this.maxEntries} entries.`);
    }
    this.#lastIndex = index;
    const entry = this.of.bind({
      name: `${this.shortName}${this.separator}${index}`,
      prefix: this.prefix,
      id: `${this.id}${this.separator}${index}`,
      translations: this.binding.translations,
    });
    entry.process(input, data);
    this.entries.push(entry);
    return entry;
  }

  // Templates write `form.tags[0]`; an own `length`, since a function's inherited one counts as the language's.
  #exposeEntries(): void {
    Object.defineProperty(this, "length", { value: this.entries.length, configurable: true });
    for (let index = 0; Object.hasOwn(this, index); index++) Reflect.deleteProperty(this, index);
    for (const [index, entry] of this.entries.entries()) {
      Object.defineProperty(this, index, { value: entry, enumerable: true, configurable: true });
    }
  }
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function isNonEmpty(value: unknown): boolean {
  return isIterable(value) && !value[Symbol.iterator]().next().done;
}

/**
 * A list of fields or nested forms.
 *
 * ```ts
 * tags: fieldList(stringField("Tag"), { minEntries: 1, maxEntries: 10 })
 * ```
 * @throws FormDefinitionError `forms.definition` when the first argument is no field.
 */
export function fieldList<T, F>(
  of: Unbound<T, F>,
  options: ListOptions<NoInfer<T>> = {},
): Unbound<T[], ListField<T, F>> {
  if (!(of instanceof UnboundField)) {
    throw new FormDefinitionError(
      "forms.definition",
      'fieldList() takes a field, as in fieldList(stringField("Tag")).',
    );
  }
  const { label, ...rest } = options;
  return unbound<unknown[], InnerOptions, never>(FieldList, label, {
    ...rest,
    of,
  } as InnerOptions) as unknown as Unbound<T[], ListField<T, F>>;
}
