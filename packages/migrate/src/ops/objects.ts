/** Views, functions, procedures and triggers: made, dropped, replaced as a whole. Source: Alembic "Replaceable Objects". */
import type { StoredObject } from "@athanor/core";
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
