/** SQL and rows, and enumerations that are types of their own. */
import type { Element, EnumType } from "@athanor/core";
import { MigrateOp } from "./op.js";

export class ExecuteOp extends MigrateOp {
  readonly kind = "execute";
  readonly statement: Element | string;
  constructor(statement: Element | string) {
    super();
    this.statement = statement;
  }
  reverse(): never {
    throw this.irreversible("execute()", "Write the opposite statement by hand.");
  }
}

export class CreateEnumOp extends MigrateOp {
  readonly kind = "createEnum";
  readonly type: EnumType;
  readonly schema: string | undefined;
  constructor(type: EnumType, schema?: string) {
    super();
    this.type = type;
    this.schema = schema;
  }
  reverse(): DropEnumOp {
    return new DropEnumOp(this.type, this.schema);
  }
}
export class DropEnumOp extends MigrateOp {
  readonly kind = "dropEnum";
  readonly type: EnumType;
  readonly schema: string | undefined;
  constructor(type: EnumType, schema?: string) {
    super();
    this.type = type;
    this.schema = schema;
  }
  reverse(): MigrateOp {
    if (this.type.values.length === 0)
      throw this.irreversible(`dropEnum("${this.type.name}")`, "Write createEnum() by hand.");
    return new CreateEnumOp(this.type, this.schema);
  }
}
/** A column that has an enumeration as its type, or a list of it. */
export interface EnumColumn {
  readonly table: string;
  readonly column: string;
  readonly schema?: string | undefined;
  readonly isArray?: boolean | undefined;
}
/** One more value of an enumeration. */
export class AddEnumValueOp extends MigrateOp {
  readonly kind = "addEnumValue";
  readonly name: string;
  readonly value: string;
  readonly place: { readonly before?: string; readonly after?: string };
  readonly schema: string | undefined;
  /** What was there before: then the value can go again. */
  readonly was: { readonly existing: readonly string[]; readonly columns: readonly EnumColumn[] } | undefined;
  constructor(
    name: string,
    value: string,
    place: { readonly before?: string; readonly after?: string } = {},
    schema?: string,
    was?: AddEnumValueOp["was"],
  ) {
    super();
    this.name = name;
    this.value = value;
    this.place = place;
    this.schema = schema;
    this.was = was;
  }
  reverse(): MigrateOp {
    const { name, value, schema, was } = this;
    if (was === undefined) {
      return new NoteOp(
        `the value ${JSON.stringify(value)} of '${name}' stays: op.alterEnum() takes it away, if no row has it`,
      );
    }
    const { existing, columns } = was;
    const { before, after } = this.place;
    const at = before !== undefined ? existing.indexOf(before) : after !== undefined ? existing.indexOf(after) + 1 : -1;
    const now = at < 0 ? [...existing, value] : existing.toSpliced(at, 0, value);
    return new AlterEnumOp(name, existing, { existing: now, columns, schema });
  }
}
/** Other values of an enumeration: new names, values that go or come, another order. Rows are kept. */
export class AlterEnumOp extends MigrateOp {
  readonly kind = "alterEnum";
  readonly name: string;
  readonly values: readonly string[];
  readonly existing: readonly string[] | undefined;
  /** New names by old ones. */
  readonly renames: Readonly<Record<string, string>>;
  /** What rows with a value that goes have afterwards. */
  readonly replace: Readonly<Record<string, string>>;
  /** For scripts; otherwise they are looked up. */
  readonly columns: readonly EnumColumn[] | undefined;
  readonly schema: string | undefined;
  constructor(
    name: string,
    values: readonly string[],
    options: {
      readonly existing?: readonly string[] | undefined;
      readonly renames?: Readonly<Record<string, string>> | undefined;
      readonly replace?: Readonly<Record<string, string>> | undefined;
      readonly columns?: readonly EnumColumn[] | undefined;
      readonly schema?: string | undefined;
    } = {},
  ) {
    super();
    this.name = name;
    this.values = values;
    this.existing = options.existing;
    this.renames = options.renames ?? {};
    this.replace = options.replace ?? {};
    this.columns = options.columns;
    this.schema = options.schema;
  }
  reverse(): AlterEnumOp {
    const { existing, columns, schema } = this;
    if (existing === undefined)
      throw this.irreversible(`alterEnum("${this.name}")`, "Say what it was: { existing: […] }.");
    const renames = Object.fromEntries(Object.entries(this.renames).map(([from, to]) => [to, from]));
    return new AlterEnumOp(this.name, existing, { existing: this.values, renames, columns, schema });
  }
}
/** Nothing but a comment in the generated file. */
export class NoteOp extends MigrateOp {
  readonly kind = "note";
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  reverse(): NoteOp {
    return this;
  }
}
