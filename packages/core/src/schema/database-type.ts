/** A type by the database's own spelling: for what reflection finds and no type of ours stands for. */
import { SqlType, type TypeFamily } from "../types/sql-type.js";

/**
 * @example column("area", new DatabaseType("geometry(Polygon, 4326)"))
 * The spelling goes into DDL as it is: it must come from the program or from the database, never from a user.
 */
export class DatabaseType extends SqlType {
  /** Values travel as they come, as those without a type do: no dialect has an adapter of its own for this. */
  readonly kind = "null";
  readonly family: TypeFamily;
  readonly spelling: string;
  constructor(spelling: string, family: TypeFamily = "plain") {
    super();
    this.spelling = spelling;
    this.family = family;
  }
  protected override structure(): string {
    return `database(${this.spelling})`;
  }
}
