/** The faces everything else meets at: fields, validators, widgets, flags, form data. No code, so no circles. */
import type { AttributeBag, Attributes } from "./html.js";
import type { Translations } from "./i18n.js";
import type { Label } from "./label.js";
import type { Markup } from "./web.js";

/** Facts about a field that validators and widgets set and widgets turn into attributes (`required`, `min`, ...). */
export interface FieldFlags {
  required?: boolean;
  optional?: boolean;
  disabled?: boolean;
  readonly?: boolean;
  hidden?: boolean;
  minlength?: number;
  maxlength?: number;
  min?: string | number | bigint;
  max?: string | number | bigint;
  step?: string | number;
  pattern?: string;
  accept?: string;
}

/** An uploaded file as fields see it: the web's `File`, or anything with a size and a name. */
export interface UploadLike {
  readonly size: number;
  readonly name?: string;
  readonly filename?: string;
}

/** One submitted value: text, a file, or (from JSON) a boolean. */
export type FormValue = string | boolean | UploadLike;

/** Submitted data: names in order of arrival, each with one value or more. */
export interface FormInput {
  keys(): Iterable<string>;
  has(name: string): boolean;
  getAll(name: string): readonly FormValue[];
}

/** What a validator may answer: nothing or `true` for good, `false` for "Invalid input.", a text for that message. */
export type Verdict = undefined | boolean | string;

type Check<T> = (form: unknown, field: Field<T>) => void | Verdict | Promise<void | Verdict>;
/**
 * Checks one field; throws `ValidationError` or `StopValidation`, or answers with a {@link Verdict}. May be async.
 * `flags` become attributes of the rendered field. Source: WTForms, "Validators".
 */
export type Validator<T> = Check<T> & { readonly flags?: FieldFlags };

/** The part of Standard Schema (https://standardschema.dev) that a field needs: Zod, Valibot, ArkType fit. */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    readonly types?: { readonly input: T; readonly output: unknown } | undefined;
  };
}
export type SchemaResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Changes a value after coercion and before validation, defaults included; throws `ValidationError` to refuse it. */
export type Filter<T> = (value: T | null) => T | null;

/** Turns a field into HTML. `hidden` puts the field into `hiddenTag()`, `flags` are added to the field's own. */
export type Widget = ((field: WidgetField, attributes: AttributeBag) => Markup) & {
  readonly hidden?: boolean;
  readonly flags?: FieldFlags;
};

/** What a widget reads. */
export interface WidgetField {
  readonly name: string;
  readonly id: string;
  readonly type: string;
  readonly label: Label;
  readonly flags: Readonly<FieldFlags>;
  readonly widget: Widget;
  readonly data: unknown;
  /** For radio buttons and options: whether this one is chosen. */
  readonly checked?: boolean;
  /** The `value` attribute or the text between the tags. */
  htmlValue(): string | false;
  /** Parts of a composite field. */
  [Symbol.iterator]?(): Iterator<WidgetField>;
  toString(): string;
  __html__(): string;
}

/** One choice ready for a `select` or a list of inputs. */
export interface RenderedChoice {
  readonly value: unknown;
  readonly label: string;
  readonly selected: boolean;
  readonly attributes: Attributes;
}

/** Errors of a plain field. */
export type FieldErrors = readonly string[];

/** Errors of any field: texts; for lists also one entry per item; for nested forms an object by field. */
export type ErrorTree = readonly (string | ErrorTree)[] | { readonly [name: string]: ErrorTree };

/** A field of a form. Call it to render it with attributes; print it to render it plain. */
export interface Field<T, E = FieldErrors> {
  /** The value after coercion and filters, `null` when empty or wrong. */
  data: T | null;
  /** The HTML name, with the form's prefix. */
  readonly name: string;
  /** The HTML name without the prefix. */
  readonly shortName: string;
  readonly id: string;
  readonly label: Label;
  readonly description: string;
  /** "StringField", "SelectField", ... for templates that choose by it. */
  readonly type: string;
  readonly errors: E;
  readonly flags: Readonly<FieldFlags>;
  /** What was submitted under this name, `null` when nothing was submitted at all. */
  readonly rawData: readonly FormValue[] | null;
  /** What the field was given from `obj`, `data` or its default. */
  readonly objectData: unknown;
  readonly widget: Widget;
  /** Whether the data counts as present for `dataRequired`. */
  isFilled(): boolean;
  gettext(message: string): string;
  ngettext(singular: string, plural: string, count: number): string;
  (attributes?: Attributes): Markup;
}

/** The enclosing form as a validator sees it. */
export interface FormFace {
  field(name: string): Field<unknown, unknown> | null;
}

/** Where a form gets its CSRF token from and who checks it. */
export interface CsrfProvider {
  /** HTML name of the hidden field. */
  readonly fieldName: string;
  /** The token to render; the same during one request. */
  token(): string;
  /** Null when the token is good, else the reason to show. */
  check(token: string | null): string | null;
}

/** What a form or list hands to a field that it makes. */
export interface Binding {
  readonly name: string;
  readonly prefix: string;
  readonly id?: string;
  readonly translations: Translations;
}

/** Options of every field. */
export interface FieldOptions<T> {
  readonly validators?: readonly (Validator<T> | StandardSchema<T>)[];
  /** The value when nothing else gives one; a function is called for each form. */
  readonly default?: T | null | (() => T | null);
  /** Help text for the template to show. */
  readonly description?: string;
  readonly filters?: readonly Filter<T>[];
  /** The HTML id; the name with its prefix unless given. */
  readonly id?: string;
  /** The HTML name, where it must differ from the property's. */
  readonly name?: string;
  /** Attributes for every rendering; those of the call win. */
  readonly renderKw?: Attributes;
  readonly widget?: Widget;
}
