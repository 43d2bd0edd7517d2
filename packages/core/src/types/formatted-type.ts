/** Dates and times as text in a form of one's own. Source: SQLAlchemy "SQLite", `storage_format`. */
import { SqlType } from "./sql-type.js";

export class FormattedType extends SqlType {
  readonly kind = "sqlite.formatted";
  readonly family = "date";
  readonly of: "dateTime" | "date" | "time";
  /** With `%Y`, `%m`, `%d`, `%H`, `%M`, `%S` and `%f` (microseconds). */
  readonly format: string;
  constructor(of: FormattedType["of"], format: string) {
    super();
    this.of = of;
    this.format = format;
  }
  protected override structure(): string {
    return `sqlite.formatted(${this.of},${JSON.stringify(this.format)})`;
  }
}
