/**
 * Choice fields. Choices are a list, groups of lists, or a function giving either (async with `await Form.create(c)`);
 * they may be replaced per request: `form.category.choices = rows`. Source: WTForms, "Fields: SelectField".
 */
import { FormError, ValidationError } from "../errors.js";
import type { Attributes } from "../html.js";
import { interpolate } from "../i18n.js";
import type { Binding, Field, FieldOptions, Filter, FormInput, FormValue, RenderedChoice, Widget } from "../types.js";
import { listWidget, option, select } from "../widgets/composite.js";
import { checkboxInput, radioInput } from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { type Unbound, unbound } from "./unbound.js";

/** What can be chosen. */
export type ChoiceValue = string | number | bigint;
/** A value that is its own label, or value and label, or these with attributes of the option. */
export type Choice<V extends ChoiceValue> = V | readonly [V, string] | readonly [V, string, Attributes];
/** Choices in order, or by group label. */
export type Choices<V extends ChoiceValue> =
  | readonly Choice<V>[]
  | { readonly [group: string]: readonly Choice<V>[] }
  | ReadonlyMap<string, readonly Choice<V>[]>;

interface SharedChoiceOptions<V extends ChoiceValue> {
  /** May be left out when they are set per request; validating without any is an error. */
  readonly choices?: Choices<V> | null | (() => Choices<V> | Promise<Choices<V>>);
  /** Turns submitted and object data into a value; by default the choice that reads the same. */
  readonly coerce?: (value: unknown) => V;
  /** False accepts values outside the choices (they may be added in the browser). */
  readonly validateChoice?: boolean;
  /** How one choice is rendered when the field is iterated. */
  readonly optionWidget?: Widget;
}
/** Options of {@link selectField} and {@link radioField}. */
export interface ChoiceOptions<V extends ChoiceValue> extends FieldOptions<NoInfer<V>>, SharedChoiceOptions<V> {}
/** Options of {@link selectMultipleField}. */
export interface MultipleChoiceOptions<V extends ChoiceValue>
  extends FieldOptions<NoInfer<V>[]>,
    SharedChoiceOptions<V> {}

/** A choice field on a form; iterating it gives its choices as fields with labels. */
export interface ChoiceField<V extends ChoiceValue, T = V> extends Field<T> {
  choices: Choices<V> | null;
  [Symbol.iterator](): Iterator<OptionField>;
}

/** One choice, rendered alone: `{% for o in form.colour %}{{ o }} {{ o.label }}{% endfor %}`. */
export class OptionField extends FieldBase<string> {
  static override readonly type = "Option";
  readonly checked: boolean;

  constructor(binding: Binding, choice: RenderedChoice, options: FieldOptions<string>) {
    super(binding, choice.label, options);
    this.checked = choice.selected;
    this.data = String(choice.value);
  }

  override processFormdata(): void {}

  override htmlValue(): string {
    return this.data ?? "";
  }
}

interface Normal {
  readonly value: ChoiceValue;
  readonly label: string;
  readonly attributes: Attributes;
}
type Group = readonly [string | null, readonly Normal[]];

abstract class ChoiceFieldBase<V extends ChoiceValue, T> extends FieldBase<T> {
  protected readonly options: SharedChoiceOptions<V>;
  #choices: Choices<V> | null = null;
  #groups: readonly Group[] = [];
  #again: (() => void) | null = null;

  constructor(binding: Binding, label: string | undefined, options: FieldOptions<T> & SharedChoiceOptions<V>) {
    super(binding, label, options);
    this.options = options;
    const given = typeof options.choices === "function" ? options.choices() : (options.choices ?? null);
    if (given instanceof Promise) {
      given.catch(() => undefined);
      throw new FormError(
        "forms.async-input",
        `The choices of '${this.name}' come from an async function: make the form with \`await SomeForm.create(c)\`.`,
      );
    }
    this.#set(given);
  }

  static prepare<O extends { readonly choices?: unknown }>(options: O): Promise<O> | null {
    const { choices } = options;
    return typeof choices === "function"
      ? Promise.resolve(choices()).then((given) => ({ ...options, choices: given }))
      : null;
  }

  get choices(): Choices<V> | null {
    return this.#choices;
  }

  /** Replaces the choices; what was submitted is read again by them. */
  set choices(choices: Choices<V> | null) {
    this.#set(choices);
    this.#again?.();
  }

  override process(input: FormInput | null, data?: unknown, extraFilters: readonly Filter<never>[] = []): void {
    this.#again = () => super.process(input, data, extraFilters);
    this.#again();
  }

  /** Groups with their choices; one group without a label when there are none. */
  *iterGroups(): Iterable<readonly [string | null, readonly RenderedChoice[]]> {
    for (const [group, choices] of this.#groups) {
      yield [group, choices.map((choice) => ({ ...choice, selected: this.isChosen(choice.value) }))];
    }
  }

  *iterChoices(): Iterable<RenderedChoice> {
    for (const [, choices] of this.iterGroups()) yield* choices;
  }

  *[Symbol.iterator](): Iterator<OptionField> {
    const widget = this.options.optionWidget ?? this.optionWidget();
    const shared = { widget, validators: this.validators as never, ...(this.renderKw && { renderKw: this.renderKw }) };
    let index = 0;
    for (const choice of this.iterChoices()) {
      const binding = { ...this.binding, name: this.shortName, id: `${this.id}-${index++}` };
      yield new OptionField(binding, choice, shared);
    }
  }

  override preValidate(_form: unknown): void {
    if (this.#choices === null) {
      throw new FormError(
        "forms.choices",
        `'${this.name}' has no choices: declare them, or set form.${this.shortName}.choices before validating.`,
      );
    }
    if (this.options.validateChoice ?? true) this.checkChoice();
  }

  protected abstract checkChoice(): void;
  protected abstract isChosen(value: ChoiceValue): boolean;

  protected optionWidget(): Widget {
    return option();
  }

  /** A submitted text or object value as a choice value; throws what `coerce` throws. */
  protected coerce(value: unknown): V {
    if (this.options.coerce !== undefined) return this.options.coerce(value);
    const text = String(value);
    for (const [, choices] of this.#groups) {
      for (const choice of choices) if (String(choice.value) === text) return choice.value as V;
    }
    // Outside the choices: the text itself, unless all choices are numbers and so is the text.
    const first = this.#groups.find(([, choices]) => choices.length > 0)?.[1][0]?.value;
    return (typeof first === "number" && /^-?\d{1,15}$/.test(text) ? Number(text) : text) as V;
  }

  #set(choices: Choices<V> | null): void {
    this.#choices = choices;
    if (choices === null) this.#groups = [];
    else if (Array.isArray(choices)) this.#groups = [[null, choices.map(normalize)]];
    else {
      const entries =
        choices instanceof Map ? [...choices] : Object.entries(choices as { [group: string]: readonly Choice<V>[] });
      this.#groups = entries.map(([group, items]): Group => [group, items.map(normalize)]);
    }
  }
}

function normalize(choice: Choice<ChoiceValue>): Normal {
  if (typeof choice !== "object") return { value: choice, label: String(choice), attributes: {} };
  return { value: choice[0], label: choice[1], attributes: choice[2] ?? {} };
}

class SelectField<V extends ChoiceValue> extends ChoiceFieldBase<V, V> {
  static override readonly type: string = "SelectField";

  override processData(value: unknown): void {
    this.data = null;
    if (value === null || value === undefined) return;
    try {
      this.data = this.coerce(value);
    } catch {
      // Object data that no choice can hold selects nothing.
    }
  }

  override processFormdata(values: readonly FormValue[]): void {
    if (values.length === 0) return;
    try {
      this.data = this.coerce(values[0]);
    } catch (error) {
      throw new ValidationError(this.gettext("Invalid Choice: could not coerce."), { cause: error });
    }
  }

  override htmlValue(): string {
    return this.data === null ? "" : String(this.data);
  }

  protected override checkChoice(): void {
    for (const choice of this.iterChoices()) if (choice.selected) return;
    throw new ValidationError(this.gettext("Not a valid choice."));
  }

  protected override isChosen(value: ChoiceValue): boolean {
    return this.data !== null && this.data === this.coerce(value);
  }

  protected override defaultWidget(): Widget {
    return select();
  }
}

class RadioField<V extends ChoiceValue> extends SelectField<V> {
  static override readonly type = "RadioField";
  protected override defaultWidget(): Widget {
    return listWidget({ prefixLabel: false });
  }

  protected override optionWidget(): Widget {
    return radioInput();
  }
}

class SelectMultipleField<V extends ChoiceValue> extends ChoiceFieldBase<V, V[]> {
  static override readonly type = "SelectMultipleField";

  override processData(value: unknown): void {
    this.data = null;
    if (value === null || value === undefined || typeof value !== "object" || !(Symbol.iterator in value)) return;
    try {
      this.data = Array.from(value as Iterable<unknown>, (item) => this.coerce(item));
    } catch {
      // As for a single choice: object data that no choice can hold selects nothing.
    }
  }

  /** Nothing submitted means nothing selected. */
  override processFormdata(values: readonly FormValue[]): void {
    try {
      this.data = values.map((item) => this.coerce(item));
    } catch (error) {
      throw new ValidationError(this.gettext("Invalid choice(s): one or more data inputs could not be coerced."), {
        cause: error,
      });
    }
  }

  override htmlValue(): string {
    return (this.data ?? []).join(",");
  }

  protected override checkChoice(): void {
    const known = new Set<ChoiceValue>();
    for (const choice of this.iterChoices()) known.add(this.coerce(choice.value));
    const unknown = [...new Set(this.data ?? [])].filter((item) => !known.has(item));
    if (unknown.length === 0) return;
    const message = this.ngettext(
      "'%(value)s' is not a valid choice for this field.",
      "'%(value)s' are not valid choices for this field.",
      unknown.length,
    );
    throw new ValidationError(interpolate(message, { value: unknown.join("', '") }));
  }

  protected override isChosen(value: ChoiceValue): boolean {
    return this.data?.includes(this.coerce(value)) ?? false;
  }

  protected override defaultWidget(): Widget {
    return select({ multiple: true });
  }
}

/**
 * One of several, as a drop-down list.
 *
 * ```ts
 * selectField("Priority", { choices: [[1, "low"], [2, "high"]], default: 1 })            // data: 1 | 2 | null
 * selectField("Food", { choices: { Fruit: [["a", "Apple"]], Other: [["b", "Bread"]] } }) // option groups
 * ```
 */
export function selectField<const V extends ChoiceValue>(
  label?: string,
  options: ChoiceOptions<V> = {},
): Unbound<V, ChoiceField<V>> {
  return unbound<V, ChoiceOptions<V>, ChoiceField<V>>(SelectField<V>, label, options);
}

/** One of several, as radio buttons. */
export function radioField<const V extends ChoiceValue>(
  label?: string,
  options: ChoiceOptions<V> = {},
): Unbound<V, ChoiceField<V>> {
  return unbound<V, ChoiceOptions<V>, ChoiceField<V>>(RadioField<V>, label, options);
}

/** Any number of several; nothing submitted is an empty list. `checkboxes: true` renders check boxes. */
export function selectMultipleField<const V extends ChoiceValue>(
  label?: string,
  options: MultipleChoiceOptions<V> & { readonly checkboxes?: boolean } = {},
): Unbound<V[], ChoiceField<V, V[]>> {
  const { checkboxes, ...rest } = options;
  const shown = checkboxes
    ? { widget: listWidget({ prefixLabel: false }), optionWidget: checkboxInput(), ...rest }
    : rest;
  return unbound<V[], MultipleChoiceOptions<V>, ChoiceField<V, V[]>>(
    SelectMultipleField<V>,
    label,
    shown as MultipleChoiceOptions<V>,
  );
}
