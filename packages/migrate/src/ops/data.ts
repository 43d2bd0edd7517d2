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
/** One more value of an enumeration. Databases cannot take a value away again. */
export class AddEnumValueOp extends MigrateOp {
  readonly kind = "addEnumValue";
  readonly name: string;
  readonly value: string;
  readonly place: { readonly before?: string; readonly after?: string };
  readonly schema: string | undefined;
  constructor(
    name: string,
    value: string,
    place: { readonly before?: string; readonly after?: string } = {},
    schema?: string,
  ) {
    super();
    this.name = name;
    this.value = value;
    this.place = place;
    this.schema = schema;
  }
  reverse(): NoteOp {
    return new NoteOp(
      `the value ${JSON.stringify(this.value)} of '${this.name}' stays: an enumeration cannot lose values`,
    );
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
