/** Several columns under one name of a row. Source: SQLAlchemy "Grouping Selected Attributes with Bundles". */
import {
  ArgumentError,
  type ColumnReference,
  Expression,
  type FromClause,
  ItemElement,
  type KeyWriter,
  OP,
} from "@athanor/core";

/** The run time of `bundle("who", User.c.id, User.c.name)`. */
export class Bundle extends ItemElement {
  readonly kind = "bundle";
  readonly itemName: string;
  readonly items: readonly Expression[];
  readonly keys: readonly string[];
  constructor(name: string, items: readonly unknown[]) {
    super();
    if (typeof name !== "string" || name === "" || items.length === 0)
      throw new ArgumentError('bundle(): a name and columns are needed, bundle("who", User.c.id, User.c.name).');
    this.itemName = name;
    this.items = items.map((item) => {
      if (item instanceof Expression) return item;
      throw new ArgumentError(`bundle("${name}"): columns and expressions are needed; select entities beside it.`);
    });
    this.keys = this.items.map((item, i) => {
      const { name: key } = item;
      if (key !== undefined) return key;
      throw new ArgumentError(`bundle("${name}"): give the expression at position ${i} a name with as().`);
    });
    const twice = this.keys.find((key, i) => this.keys.indexOf(key) !== i);
    if (twice !== undefined)
      throw new ArgumentError(`bundle("${name}"): two columns are named '${twice}'; give one another name with as().`);
  }
  /** The columns by name, for criteria: `b.c.name.eq("amy")`. */
  get c(): { readonly [key: string]: Expression } {
    return Object.fromEntries(this.keys.map((key, i) => [key, this.items[i] as Expression]));
  }
  get itemFrom(): FromClause {
    const [first] = this.items as readonly (Expression & { readonly from?: FromClause })[];
    if (first?.from === undefined)
      throw new ArgumentError(
        `bundle("${this.itemName}"): its first item is no column; name the FROM clause with selectFrom().`,
      );
    return first.from;
  }
  get itemColumns(): readonly ColumnReference[] {
    return this.items as readonly ColumnReference[];
  }
  walk(key: KeyWriter): void {
    key.id(-OP.entity);
    key.text(this.itemName);
    key.id(this.items.length);
    this.items.forEach((item, i) => {
      key.text(this.keys[i] as string);
      item.walk(key);
    });
  }
}
/** The keys of the object an item of several columns becomes; `always`: it is one even where all of it is null. */
export function keysOf(item: ItemElement): { readonly keys: readonly string[]; readonly always: boolean } {
  return item instanceof Bundle
    ? { keys: item.keys, always: true }
    : { keys: item.itemColumns.map((c) => c.key), always: false };
}
