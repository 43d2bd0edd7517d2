/** What TypeScript knows of a form: one declaration, everything inferred. */
import type { TokenFace } from "../csrf/field.js";
import type { AnyField, Unbound } from "../fields/unbound.js";
import type { TranslationSource } from "../i18n.js";
import type { CsrfProvider, Field, Filter, StandardSchema, Validator } from "../types.js";
import type { Markup } from "../web.js";

/** The fields of a form by name. */
export type Fields<P> = { readonly [K in keyof P]: P[K] extends Unbound<unknown, infer F> ? F : never };
/** Before `validate()` any field may be empty. */
export type Data<P> = { [K in keyof P]: P[K] extends Unbound<infer T, unknown> ? T | null : never };
/** Errors by field; a plain field has texts, a list and a nested form their own shape. */
export type Errors<P> = {
  readonly [K in keyof P]?: P[K] extends Unbound<unknown, infer F>
    ? F extends { readonly errors: infer E }
      ? E
      : never
    : never;
} & { readonly null?: readonly string[] };

/** Validators for one call of `validate`, after those of the fields. */
export type ExtraValidators<P> = {
  readonly [K in keyof P]?: P[K] extends Unbound<infer T, unknown>
    ? readonly (Validator<T> | StandardSchema<T>)[]
    : never;
};
/** Filters for one form, after those of the fields. */
export type ExtraFilters<P> = {
  readonly [K in keyof P]?: P[K] extends Unbound<infer T, unknown> ? readonly Filter<T>[] : never;
};

/** What a form is made with. */
export interface FormOptions<P = Record<string, Unbound<unknown, unknown>>> {
  /** Submitted data instead of the request's; null ignores the request's. Only for `create`. */
  readonly formdata?: unknown;
  /** An object whose properties fill the fields; it wins over `data`, what was submitted wins over both. */
  readonly obj?: object | null;
  /** Values by field name; they win over the fields' defaults. */
  readonly data?: Partial<Data<P>> | null;
  /** Put before every HTML name, joined with `-`, for several forms on one page. */
  readonly prefix?: string;
  /** False switches the token off for this form; a provider replaces the built-in one. */
  readonly csrf?: false | CsrfProvider;
  readonly filters?: ExtraFilters<P>;
  readonly translations?: TranslationSource;
}

/** Settings of a form class. */
export interface FormSettings {
  /** False: forms of this class never carry a token. */
  readonly csrf?: false;
  readonly prefix?: string;
  readonly translations?: TranslationSource;
}

/** Which fields `dataRequired` fills is not visible to types: after `validate()` test the field, or `data.x!`. */
export interface FormBase<P> {
  /** Values by field name, without the CSRF token. */
  readonly data: Data<P>;
  /** Errors by field name, those of the whole form under `null`. Empty after a successful `validate()`. */
  readonly errors: Errors<P>;
  /** Errors of the form as a whole; push to it from an overridden `validate`. */
  readonly formErrors: string[];
  /** The hidden CSRF field; prints nothing when CSRF is off. */
  readonly csrf_token: TokenFace;
  readonly csrfToken: TokenFace;
  /** `enctype="multipart/form-data"` when the form has file fields, else empty. */
  readonly enctype: Markup;
  /** Runs all validators of all fields, in order; may be overridden. */
  validate(extraValidators?: ExtraValidators<P>): Promise<boolean>;
  /** Whether the request was a POST, PUT, PATCH or DELETE, or data was given. */
  isSubmitted(): boolean;
  /** `isSubmitted() && validate()`: on GET no validator runs. */
  validateOnSubmit(extraValidators?: ExtraValidators<P>): Promise<boolean>;
  /** Copies the data into an object whose properties fit; never the token, and nothing but the form's fields. */
  populate<T extends { [K in keyof P]?: unknown }>(target: T): void;
  /** All hidden fields, token included, as HTML; or only those named. */
  hiddenTag(...names: readonly (string | object)[]): Markup;
  hidden_tag(...names: readonly (string | object)[]): Markup;
  /** A field by its name, null when there is none. */
  field(name: string): AnyField | null;
  /** Takes a field out of this form. */
  remove(name: keyof P & string): void;
  /** The fields in order of declaration. */
  [Symbol.iterator](): Iterator<AnyField & Field<unknown, unknown>>;
}

/** Names that a field cannot have. `then` would make the form look like a promise. */
export type Reserved =
  | Exclude<keyof FormBase<unknown>, symbol>
  | "then"
  | "null"
  | "constructor"
  | "prototype"
  | "__proto__"
  | "toString"
  | "toJSON";
/** A field that would hide a member of the form is refused where it is written. */
export type Checked<P> = { [K in keyof P & Reserved]: `a form already has '${K}': rename the field` };

/** The fields of a class extended by `Q`; null takes an inherited field away. */
export type Merged<P, Q> = { [K in keyof P as K extends keyof Q ? never : K]: P[K] } & {
  [K in keyof Q as Q[K] extends null ? never : K]: Q[K];
};

/** What `Form({...})` returns: extend it. */
export interface FormClass<P> {
  new (formdata?: unknown, options?: FormOptions<P>): FormBase<P> & Fields<P>;
  /**
   * Makes a form from a request: reads the body when it was submitted, loads async attributes of `obj` and async
   * choices, and sets up CSRF. Without an argument the running request is taken.
   *
   * ```ts
   * const form = await TodoForm.create(c, { obj: todo });
   * if (await form.validateOnSubmit()) form.populate(todo);
   * ```
   * Source: Flask-WTF, "Creating Forms".
   */
  create<I>(this: new (...args: never[]) => I, context?: unknown, options?: FormOptions<P>): Promise<I>;
  /** A subclass with more fields after the inherited ones; methods are inherited too. */
  extend<I extends object, Q extends object>(
    this: new (
      ...args: never[]
    ) => I,
    fields: Q & Checked<Q>,
    settings?: FormSettings,
  ): ExtendedClass<Omit<I, keyof P>, Merged<P, Q>>;
  readonly fields: P;
  readonly settings: FormSettings;
}

/** A form class whose instances keep the members of the class it extends. */
export interface ExtendedClass<I, P> extends Omit<FormClass<P>, never> {
  new (
    formdata?: unknown,
    options?: FormOptions<P>,
  ): Omit<I, keyof FormBase<unknown> | keyof P> & FormBase<P> & Fields<P>;
}
