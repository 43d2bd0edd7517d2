/**
 * Fields from the columns of a model or table: types, lengths, nullability, defaults, foreign keys. Columns are listed by
 * name, so a column added later never becomes editable by accident. Source: WTForms-SQLAlchemy, "model_form".
 */
import {
  type AnyTable,
  type BigIntegerType,
  type ColumnLike,
  didYouMean,
  type EnumType,
  type NumericType,
  type PropsOf,
  type SqlType,
  type StringType,
  storedType,
  type TableColumn,
  tableOf,
} from "@athanor/core";
import { FormDefinitionError } from "./errors.js";
import { booleanField } from "./fields/boolean.js";
import { type Choices, type ChoiceValue, selectField } from "./fields/choices.js";
import { dateField, dateTimeLocalField, timeField } from "./fields/datetime.js";
import { bigIntegerField, decimalField, floatField, integerField } from "./fields/numeric.js";
import { stringField, textAreaField } from "./fields/text.js";
import type { Unbound } from "./fields/unbound.js";
import type { FieldOptions, Filter, StandardSchema, Validator } from "./types.js";
import { uuid } from "./validators/formats.js";
import { inputRequired, optional } from "./validators/presence.js";
import { length } from "./validators/values.js";

type Scalar = string | number | bigint | boolean | Date;
type ValueOf<D> = D extends ColumnLike<infer T, string> ? NonNullable<T> : never;
/** Columns that a form can hold. */
export type FieldColumn<M extends AnyTable> = {
  [K in keyof PropsOf<M> & string]: [ValueOf<PropsOf<M>[K]>] extends [never]
    ? never
    : ValueOf<PropsOf<M>[K]> extends Scalar
      ? K
      : never;
}[keyof PropsOf<M> & string];
/** `boolean` must not fall apart into `true | false`. */
type Plain<T> = [T] extends [boolean] ? boolean : T;
/** What `modelFields` returns. */
export type ModelFields<M extends AnyTable, K extends FieldColumn<M>> = {
  [P in K]: Unbound<Plain<ValueOf<PropsOf<M>[P]>>>;
};

/** Changes to what the column says. */
export interface ColumnFieldOptions<T> {
  readonly label?: string;
  readonly description?: string;
  /** Run after those that follow from the column. */
  readonly validators?: readonly (Validator<T> | StandardSchema<T>)[];
  readonly filters?: readonly Filter<T>[];
  readonly renderKw?: FieldOptions<T>["renderKw"];
  /** Makes the field a select; needed for foreign keys (null: edit the key itself). */
  readonly choices?: T extends ChoiceValue ? Choices<T> | null | (() => Choices<T> | Promise<Choices<T>>) : never;
}

/**
 * ```ts
 * class UserForm extends Form({
 *   ...modelFields(User, ["username", "email", "teamId"], { teamId: { choices: () => teamChoices() } }),
 *   submit: submitField("Save"),
 * }) {}
 * ```
 * @throws FormDefinitionError `forms.definition` for an unknown column, a type no form can edit, or a foreign key
 * without choices.
 */
export function modelFields<M extends AnyTable, const K extends FieldColumn<M>>(
  model: M,
  columns: readonly K[],
  options: { readonly [P in K]?: ColumnFieldOptions<Plain<ValueOf<PropsOf<M>[P]>>> } = {},
): ModelFields<M, K> {
  const table = tableOf(model);
  const fields: Record<string, Unbound<unknown>> = {};
  for (const name of columns) {
    const column = table.columns.find((candidate) => candidate.key === name);
    if (column === undefined) {
      const hint = didYouMean(
        name,
        table.columns.map((candidate) => candidate.key),
      );
      throw new FormDefinitionError("forms.definition", `Table '${table.fullName}' has no column '${name}'.${hint}`);
    }
    // Each column's own type has checked its options; from here on they are handled by the SQL type.
    fields[name] = fieldOf(column, (options[name] ?? {}) as unknown as ColumnFieldOptions<never>);
  }
  // The SQL type chooses the field at run time by the same rule as ValueOf does for the compiler.
  return fields as unknown as ModelFields<M, K>;
}

type AnyOptions = ColumnFieldOptions<never> & { readonly label?: string };

function fieldOf(column: TableColumn, given: AnyOptions): Unbound<unknown> {
  const { label, choices, ...rest } = given as AnyOptions & { readonly choices?: unknown };
  const type = storedType(column.fields.type);
  const isBoolean = type.kind === "boolean";
  const required =
    !column.nullable && !isBoolean && column.fields.default === undefined && column.fields.serverDefault === undefined;
  const presence = isBoolean ? [] : [required ? inputRequired() : optional()];
  const shared = {
    ...rest,
    ...defaultOf(column),
    ...(rest.description === undefined &&
      column.fields.comment !== undefined && { description: column.fields.comment }),
    validators: [...presence, ...limitsOf(type), ...(rest.validators ?? [])],
    // An input left empty means NULL where the column allows it.
    ...(column.nullable && type.family === "text" && { filters: [emptyToNull, ...(rest.filters ?? [])] }),
  } as FieldOptions<never>;
  if (choices === undefined && column.fields.references !== undefined) {
    throw new FormDefinitionError(
      "forms.definition",
      `'${column.key}' refers to '${column.fields.references.target}': pass { ${column.key}: { choices: () => … } }, or choices: null to edit the key itself.`,
    );
  }
  const offered = choices ?? (type.kind === "enum" ? (type as EnumType).values : null);
  if (offered !== null) return selectOf(label, shared, offered, type, column.nullable);
  const make = makerOf(type);
  if (make !== null) return make(label, shared);
  throw new FormDefinitionError(
    "forms.definition",
    `'${column.key}' is of type ${String(type)}, for which there is no field; declare one by hand.`,
  );
}

type Maker = (label: string | undefined, options: FieldOptions<never>) => Unbound<unknown>;

function makerOf(type: SqlType): Maker | null {
  // The makers take the options of their own data type; the caller has matched them by the column.
  const as = (maker: (label: string | undefined, options: never) => Unbound<unknown>): Maker => maker as Maker;
  switch (type.kind) {
    case "integer":
    case "smallInteger":
      return as(integerField);
    case "bigInteger":
      return as((type as BigIntegerType).mode === "bigint" ? bigIntegerField : integerField);
    case "float":
    case "double":
      return as(floatField);
    case "numeric": {
      const { mode, scale } = type as NumericType;
      return mode === "number"
        ? as(floatField)
        : (label, options) => decimalField(label, { ...options, places: scale ?? null } as never);
    }
    case "boolean":
      return as(booleanField);
    case "string":
    case "uuid":
      return as(stringField);
    case "text":
      return as(textAreaField);
    case "date":
      return as(dateField);
    case "time":
      return as(timeField);
    case "dateTime":
      return (label, options) => dateTimeLocalField(label, { ...options, mode: "date" } as never);
    default:
      return null;
  }
}

function selectOf(
  label: string | undefined,
  shared: FieldOptions<never>,
  choices: unknown,
  type: SqlType,
  nullable: boolean,
): Unbound<unknown> {
  const coerce = (value: unknown): ChoiceValue => {
    const text = String(value);
    if (text === "" || !/^-?\d{1,40}$/.test(text)) return text;
    if (type.kind === "bigInteger" && (type as BigIntegerType).mode === "bigint") return BigInt(text);
    return type.family === "number" && !(type.kind === "numeric" && (type as NumericType).mode === "string")
      ? Number(text)
      : text;
  };
  const filters = nullable ? { filters: [emptyToNull, ...(shared.filters ?? [])] } : {};
  return selectField<ChoiceValue>(label, {
    ...shared,
    ...filters,
    choices: choices as Choices<ChoiceValue>,
    coerce,
  } as never);
}

function emptyToNull(value: never): never {
  return (value === "" ? null : value) as never;
}

function limitsOf(type: SqlType): readonly unknown[] {
  if (type.kind === "uuid") return [uuid()];
  const max = type.kind === "string" ? (type as StringType).length : undefined;
  return max === undefined ? [] : [length({ max })];
}

function defaultOf(column: TableColumn): { default?: unknown } {
  const source = column.fields.default;
  if (source === undefined || "expression" in source) return {};
  return { default: "value" in source ? source.value : source.call };
}
