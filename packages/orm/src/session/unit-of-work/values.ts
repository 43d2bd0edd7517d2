/** Values of columns during a flush: comparison, defaults, writing without events. */
import { behaviourOf, Expression, type JsonOptions, storedType, type TableColumn } from "@athanor/core";
import { isNew } from "../../mapping/collection.js";
import { type MappedColumn, type Mapper, mapperOfInstance, type RelationshipProperty } from "../../mapping/mapper.js";
import { isChanged, lastKnown, type Managed, PENDING, recordWrite, UNLOADED } from "../../mapping/state.js";

/** Equal as far as a column is concerned: dates by moment, bytes and documents by content. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return typeof a === "number" && typeof b === "number" && Number.isNaN(a) && Number.isNaN(b);
  if (a instanceof Expression || b instanceof Expression) return false;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((x, i) => x === b[i]);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((x, i) => sameValue(x, b[i]));
  // Members that are objects are the same ones only where nobody copied them: then the column is written.
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((x) => b.has(x));
  if (a instanceof Map)
    return b instanceof Map && a.size === b.size && [...a].every(([k, v]) => b.has(k) && sameValue(v, b.get(k)));
  const proto = Object.getPrototypeOf(a) as unknown;
  if (proto !== Object.prototype && proto !== null) return false;
  const keys = Object.keys(a);
  return (
    Object.getPrototypeOf(b) === proto &&
    Object.keys(b).length === keys.length &&
    keys.every(
      (k) => Object.hasOwn(b, k) && sameValue((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]),
    )
  );
}

/** Equal as this column's type sees it; without a word of its own, by content. */
export function sameInColumn(column: TableColumn, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const same = column.fields.type.isOwn ? behaviourOf(column.fields.type)?.sameValue : undefined;
  if (same === undefined || a === UNLOADED || b === UNLOADED || a instanceof Expression || b instanceof Expression)
    return sameValue(a, b);
  return same(a ?? null, b ?? null);
}
/** Columns whose value really differs from the one before; a value set back is no change. */
export function changedColumns(instance: Managed, mapper: Mapper): MappedColumn[] {
  const old = instance.$$o;
  if (old === null) return [];
  const found: MappedColumn[] = [];
  for (let i = 0; i < old.length; i += 2) {
    const index = old[i] as number;
    if (index < 0) continue;
    const attribute = mapper.attributes[index] as MappedColumn;
    if (!sameInColumn(attribute.column, old[i + 1], instance[attribute.slot])) found.push(attribute);
  }
  return found.length > 1 ? found.sort((a, b) => a.index - b.index) : found;
}
/** Whether anything differs from the row; of an object without one, whether anything is set. */
export function isModified(instance: Managed): boolean {
  const mapper = mapperOfInstance(instance);
  if (isNew(instance)) return instance.$$h !== null || mapper.attributes.some((a) => instance[a.slot] !== UNLOADED);
  if (changedColumns(instance, mapper).length > 0) return true;
  return (instance.$$h ?? []).some(({ relationship, old, added, removed, replaceWith }) => {
    const { uselist, slot } = relationship as RelationshipProperty;
    return uselist ? added.size > 0 || removed.size > 0 || replaceWith !== undefined : old !== instance[slot];
  });
}
/** The value the row has in the database, as far as known. */
export function committedValue(instance: Managed, attribute: MappedColumn): unknown {
  if (isChanged(instance, attribute.index)) {
    const old = lastKnown(instance, attribute.index);
    if (old !== UNLOADED) return old;
  }
  return instance[attribute.slot];
}
/** Writes a column on behalf of the unit of work: recorded like a user's write. */
export function assignColumn(instance: Managed, attribute: MappedColumn, value: unknown): void {
  const before = instance[attribute.slot];
  if (before === value || (before !== UNLOADED && sameInColumn(attribute.column, before, value))) return;
  if ((instance.$$f & PENDING) === 0) recordWrite(instance, attribute.index, before);
  instance[attribute.slot] = value;
}

/** A client-side default applied to an unset column; SQL expressions are left for the statement. */
export function applyDefault(instance: Managed, attribute: MappedColumn): Expression | undefined {
  const source = attribute.column.fields.default;
  if (source === undefined) return undefined;
  if ("expression" in source) return source.expression;
  const value = "call" in source ? (source.call as (row: unknown) => unknown)(instance) : source.value;
  instance[attribute.slot] = value instanceof Expression ? value : (value ?? null);
  return undefined;
}
/** Null is a document there (`json({ nullAs: "json" })`), so what was never set has to be left out. */
function nullIsDocument(column: TableColumn): boolean {
  const { options } = storedType(column.fields.type) as { readonly options?: JsonOptions | undefined };
  return options?.nullAs === "json";
}
/** The database gives the value when it is left out of an INSERT. */
export function isGenerated(column: TableColumn): boolean {
  const { serverDefault, computed, identity } = column.fields;
  return (
    serverDefault !== undefined ||
    computed !== undefined ||
    identity !== undefined ||
    column.table.autoincrementColumn === column ||
    nullIsDocument(column)
  );
}
