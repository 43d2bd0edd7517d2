/** Views, functions, procedures and triggers: made, dropped, replaced as a whole. Source: Alembic "Replaceable Objects". */
import { Sequence, type SequenceOptions, type StoredObject } from "@athanor/core";
import { MigrateOp } from "./op.js";

export class CreateObjectOp extends MigrateOp {
  readonly kind = "createObject";
  readonly object: StoredObject;
  constructor(object: StoredObject) {
    super();
    this.object = object;
  }
  get name(): string {
    return this.object.fullName;
  }
  reverse(): DropObjectOp {
    return new DropObjectOp(this.object);
  }
}
export class DropObjectOp extends MigrateOp {
  readonly kind = "dropObject";
  readonly object: StoredObject;
  readonly ifExists: boolean;
  constructor(object: StoredObject, options: { readonly ifExists?: boolean | undefined } = {}) {
    super();
    this.object = object;
    this.ifExists = options.ifExists ?? false;
  }
  get name(): string {
    return this.object.fullName;
  }
  reverse(): CreateObjectOp {
    return new CreateObjectOp(this.object);
  }
}
/** The old one goes, the new one comes. */
export class ReplaceObjectOp extends MigrateOp {
  readonly kind = "replaceObject";
  readonly object: StoredObject;
  readonly existing: StoredObject;
  constructor(object: StoredObject, existing: StoredObject) {
    super();
    this.object = object;
    this.existing = existing;
  }
  get name(): string {
    return this.object.fullName;
  }
  reverse(): ReplaceObjectOp {
    return new ReplaceObjectOp(this.existing, this.object);
  }
}

export class CreateSequenceOp extends MigrateOp {
  readonly kind = "createSequence";
  readonly sequence: Sequence;
  constructor(sequence: Sequence) {
    super();
    this.sequence = sequence;
  }
  get name(): string {
    return this.sequence.name;
  }
  reverse(): DropSequenceOp {
    return new DropSequenceOp({ name: this.sequence.name, ...this.sequence.options });
  }
}
export class DropSequenceOp extends MigrateOp {
  readonly kind = "dropSequence";
  /** What it was, for the way back. */
  readonly sequence: Sequence;
  readonly ifExists: boolean;
  constructor(
    sequence: { readonly name: string } & SequenceOptions,
    options: { readonly ifExists?: boolean | undefined } = {},
  ) {
    super();
    const { name, ...rest } = sequence;
    this.sequence = new Sequence(name, rest);
    this.ifExists = options.ifExists ?? false;
  }
  get name(): string {
    return this.sequence.name;
  }
  reverse(): CreateSequenceOp {
    return new CreateSequenceOp(this.sequence);
  }
}
