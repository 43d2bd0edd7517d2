/** The base class of every form: binds fields, validates, renders the hidden ones, fills objects. */
import { AbsentToken, CsrfTokenField, type TokenFace } from "../csrf/field.js";
import { FormDefinitionError, FormError } from "../errors.js";
import { type AnyField, UnboundField } from "../fields/unbound.js";
import { resolveTranslations } from "../i18n.js";
import { toFormInput } from "../input.js";
import type { CsrfProvider, ErrorTree, Filter, FormFace, FormInput, WidgetField } from "../types.js";
import type { AnyValidator } from "../validators/chain.js";
import { Markup } from "../web.js";
import { type ClassInfo, classInfo } from "./class-info.js";
import { ambientCsrf, readContext } from "./context.js";
import type { FormOptions, FormSettings } from "./types.js";

type Declared = UnboundField<unknown, unknown>;
/** Fields by name, as declared. */
export type FieldMap = Readonly<Record<string, Declared>>;

/** What `create` adds to the public options. */
interface InnerOptions extends Omit<FormOptions, "csrf"> {
  readonly csrf?: false | CsrfProvider;
  readonly submitted?: boolean;
  /** Fields whose async choices are known. */
  readonly prepared?: ReadonlyMap<string, Declared>;
}

/** A file field, or a nested form or list that has one. */
function takesFiles(field: WidgetField): boolean {
  if (field.type === "FileField" || field.type === "MultipleFileField") return true;
  const parts = field[Symbol.iterator]?.call(field);
  if (parts === undefined) return false;
  for (let step = parts.next(); !step.done; step = parts.next()) if (takesFiles(step.value)) return true;
  return false;
}

/** Members of a form; the typed face is `FormBase`. */
export class BaseForm implements FormFace {
  static readonly fields: FieldMap = {};
  static readonly settings: FormSettings = {};

  readonly formErrors: string[] = [];
  readonly csrf_token: TokenFace;
  readonly csrfToken: TokenFace;
  readonly #fields = new Map<string, AnyField>();
  readonly #info: ClassInfo;
  readonly #submitted: boolean;

  constructor(formdata?: unknown, options: InnerOptions = {}) {
    const { fields, settings } = new.target;
    this.#info = classInfo(new.target, BaseForm.prototype, Object.keys(fields));
    const input = toFormInput(formdata);
    this.#submitted = options.submitted ?? input !== null;
    const prefix = joinPrefix(options.prefix ?? settings.prefix ?? "");
    const translations = resolveTranslations(options.translations ?? settings.translations);
    for (const [name, declared] of Object.entries(fields)) {
      const field = (options.prepared?.get(name) ?? declared).bind({
        name: declared.name ?? name,
        prefix,
        translations,
      });
      this.#fields.set(name, field);
      Object.defineProperty(this, name, { value: field, enumerable: true, configurable: true });
    }
    const provider = settings.csrf === false || options.csrf === false ? null : (options.csrf ?? ambientCsrf());
    if (provider === null) this.csrf_token = new AbsentToken() as unknown as TokenFace;
    else {
      const token = new CsrfTokenField({ name: provider.fieldName, prefix, translations }, provider);
      this.csrf_token = token;
      this.#fields.set("csrf_token", token as AnyField);
    }
    this.csrfToken = this.csrf_token;
    for (const name of ["csrf_token", "csrfToken", "formErrors"])
      Object.defineProperty(this, name, { enumerable: false });
    this.#process(input, options);
  }

  /** See `FormClass.create`. */
  static async create(this: typeof BaseForm, context?: unknown, options: InnerOptions = {}): Promise<BaseForm> {
    const { formdata, ...rest } = options;
    const request = await readContext(context, formdata === undefined);
    const names = Object.keys(this.fields);
    return new this(formdata === undefined ? request.input : formdata, {
      ...rest,
      obj: await loadAttributes(options.obj ?? null, names),
      csrf: options.csrf ?? request.csrf ?? false,
      submitted: request.submitted ?? (formdata !== undefined && formdata !== null),
      prepared: await this.prepareFields(),
    });
  }

  /** Fields with everything awaited that they need before binding. */
  static async prepareFields(): Promise<ReadonlyMap<string, Declared>> {
    const prepared = new Map<string, Declared>();
    for (const [name, declared] of Object.entries(this.fields)) prepared.set(name, await declared.prepare());
    return prepared;
  }

  /** See `FormClass.extend`. */
  static extend(
    this: typeof BaseForm,
    fields: Readonly<Record<string, Declared | null>>,
    settings: FormSettings = {},
  ): typeof BaseForm {
    const merged: Record<string, Declared> = { ...this.fields };
    const added: Record<string, Declared> = {};
    for (const [name, declared] of Object.entries(fields)) {
      Reflect.deleteProperty(merged, name);
      if (declared !== null) added[name] = declared;
    }
    checkFields(added);
    const all = { ...merged, ...added };
    const own = { ...this.settings, ...settings };
    return class extends this {
      static override readonly fields = all;
      static override readonly settings = own;
    };
  }

  get data(): Record<string, unknown> {
    const data: Record<string, unknown> = {};
    for (const [name, field] of this.#live()) if (field !== this.csrf_token) data[name] = field.data;
    return data;
  }

  get errors(): Record<string, ErrorTree> {
    const errors: Record<string, ErrorTree> = {};
    for (const [name, field] of this.#live()) {
      const found = field.errors;
      if (Array.isArray(found) ? found.length > 0 : Object.keys(found).length > 0) errors[name] = found;
    }
    if (this.formErrors.length > 0) errors.null = this.formErrors;
    return errors;
  }

  get enctype(): Markup {
    for (const [, field] of this.#live()) if (takesFiles(field)) return new Markup('enctype="multipart/form-data"');
    return new Markup("");
  }

  async validate(
    extraValidators: Readonly<Record<string, readonly AnyValidator[] | undefined>> = {},
  ): Promise<boolean> {
    this.formErrors.length = 0;
    let good = true;
    for (const [name, field] of this.#live()) {
      const extra = [...(extraValidators[name] ?? [])];
      const inline = this.#info.validators.get(name);
      if (inline !== undefined) extra.push((_form, own) => inline.call(this, own) as undefined);
      if (!(await field.validate(this, extra))) good = false;
    }
    return good && this.formErrors.length === 0;
  }

  isSubmitted(): boolean {
    return this.#submitted;
  }

  async validateOnSubmit(
    extraValidators?: Readonly<Record<string, readonly AnyValidator[] | undefined>>,
  ): Promise<boolean> {
    return this.isSubmitted() && (await this.validate(extraValidators));
  }

  populate(target: object): void {
    if (typeof target !== "object" || target === null) {
      throw new FormError(
        "forms.populate",
        `populate() takes the object to fill, not ${target === null ? "null" : typeof target}.`,
      );
    }
    for (const [name, field] of this.#live()) field.populate(target as Record<string, unknown>, name);
  }

  hiddenTag(...names: readonly unknown[]): Markup {
    const wanted = names.filter((name) => typeof name === "string" || typeof name === "function");
    const html: string[] = [];
    for (const [name, field] of this.#live()) {
      if (field.widget.hidden && (wanted.length === 0 || wanted.includes(name) || wanted.includes(field)))
        html.push(String(field));
    }
    return new Markup(html.join("\n"));
  }

  hidden_tag(...names: readonly unknown[]): Markup {
    return this.hiddenTag(...names);
  }

  field(name: string): AnyField | null {
    for (const [known, field] of this.#live()) if (known === name) return field;
    return null;
  }

  remove(name: string): void {
    this.#fields.delete(name);
    Reflect.deleteProperty(this, name);
  }

  *[Symbol.iterator](): Iterator<AnyField> {
    for (const [, field] of this.#live()) yield field;
  }

  // `delete form.email` takes a field out as well.
  *#live(): Iterable<readonly [string, AnyField]> {
    for (const entry of this.#fields) if (Object.hasOwn(this, entry[0])) yield entry;
  }

  #process(input: FormInput | null, options: InnerOptions): void {
    const { obj, data } = options;
    const filters = options.filters as Readonly<Record<string, readonly Filter<never>[] | undefined>> | undefined;
    for (const [name, field] of this.#fields) {
      if (field === this.csrf_token) {
        field.process(input);
        continue;
      }
      const extra = [...(filters?.[name] ?? [])];
      const inline = this.#info.filters.get(name);
      if (inline !== undefined) extra.push((value) => inline.call(this, value as never) as never);
      const fromObject = attribute(obj, name);
      field.process(input, fromObject === undefined ? ownValue(data, name) : fromObject, extra);
    }
  }
}

/** `undefined` means "has no such property"; null is data. */
function attribute(obj: object | null | undefined, name: string): unknown {
  if (obj === null || obj === undefined || !(name in obj)) return undefined;
  return (obj as Record<string, unknown>)[name];
}

function ownValue(data: object | null | undefined, name: string): unknown {
  return data !== null && data !== undefined && Object.hasOwn(data, name)
    ? (data as Record<string, unknown>)[name]
    : undefined;
}

function joinPrefix(prefix: string): string {
  return prefix === "" || /[-_;:/.]$/.test(prefix) ? prefix : `${prefix}-`;
}

/** Reads the properties a form needs, awaiting lazy ones, into a plain object. */
async function loadAttributes(obj: object | null, names: readonly string[]): Promise<object | null> {
  if (obj === null) return null;
  const loaded: Record<string, unknown> = {};
  for (const name of names) if (name in obj) loaded[name] = await (obj as Record<string, unknown>)[name];
  return loaded;
}

/** Beside the members of forms: names that would change what the object or its results are. */
const otherNames = ["then", "null", "prototype", "toJSON"];

/** @throws FormDefinitionError `forms.reserved-name`, `forms.definition` */
export function checkFields(fields: object): asserts fields is FieldMap {
  for (const [name, declared] of Object.entries(fields)) {
    if (
      name in BaseForm.prototype ||
      name === "formErrors" ||
      name === "csrf_token" ||
      name === "csrfToken" ||
      otherNames.includes(name)
    ) {
      throw new FormDefinitionError(
        "forms.reserved-name",
        `A form already has '${name}': rename the field, and keep the HTML name with { name: "${name}" }.`,
      );
    }
    if (!(declared instanceof UnboundField)) {
      const hint =
        typeof declared === "function"
          ? 'call it, as in stringField("Name")'
          : 'declare it with stringField("Name") or the like';
      throw new FormDefinitionError("forms.definition", `'${name}' is no field: ${hint}.`);
    }
  }
  if (Object.getPrototypeOf(fields) !== Object.prototype && Object.getPrototypeOf(fields) !== null) {
    throw new FormDefinitionError("forms.reserved-name", "'__proto__' cannot be the name of a field.");
  }
}
