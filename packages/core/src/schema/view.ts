/** Views as objects of the schema: created after the tables they read, dropped before them. */
import { ArgumentError } from "../errors/errors.js";
import type { Element } from "../sql/element.js";
import { Alias } from "../sql/from.js";
import { iterate } from "../sql/traverse.js";
import { CreateView, DropView, type ViewOptions } from "./ddl.js";
import { tableOfQuery } from "./query-table.js";
import { sortGraph } from "./sort.js";
import type { Table } from "./table.js";

/** What `createAll` needs to know of a view besides its definition. */
export interface SchemaViewOptions extends Omit<ViewOptions, "orReplace" | "ifNotExists" | "temporary"> {
  /** Views that a query given as text reads. */
  readonly dependsOn?: readonly View[] | undefined;
}
export class View {
  readonly name: string;
  readonly query: Element | string;
  readonly options: SchemaViewOptions;
  /** For FROM; a view over SQL text has none. */
  readonly table: Table | undefined;
  constructor(name: string, query: Element | string, options: SchemaViewOptions = {}) {
    if (name === "") throw new ArgumentError("A view needs a name.");
    this.name = name;
    this.query = query;
    this.options = options;
    this.table = tableOfQuery(name, options.schema, query);
  }
  get schema(): string | undefined {
    return this.options.schema;
  }
  get materialized(): boolean {
    return this.options.materialized ?? false;
  }
  create(): CreateView {
    const { dependsOn: _read, ...options } = this.options;
    return new CreateView(this.name, this.query, options);
  }
  drop(): DropView {
    return new DropView(this.name, {
      ...(this.schema !== undefined && { schema: this.schema }),
      materialized: this.materialized,
    });
  }
}
/** Views with those they read first. */
export function sortViews(views: readonly View[]): readonly View[] {
  const byTable = new Map(views.map((v) => [v.table as unknown, v]));
  const read = (view: View): View[] => {
    const found = [...(view.options.dependsOn ?? [])];
    if (typeof view.query === "string") return found;
    for (const node of iterate(view.query)) {
      const from = (node as { readonly from?: unknown }).from ?? node;
      const other = byTable.get(from instanceof Alias ? from.of : from);
      if (other !== undefined && other !== view) found.push(other);
    }
    return found;
  };
  return sortGraph(views, read).order;
}
