/** Turns raw rows into rows that answer by position and by name. One class per shape, made once. */
import type { Dialect } from "../dialects/dialect.js";
import type { FieldInfo } from "../dialects/driver.js";
import { InvalidRequestError } from "../errors/errors.js";
import type { Convert } from "../types/adapter.js";
import type { Compiled, ResultColumn, ResultItem } from "./compiled.js";
import { RowBase } from "./row.js";

/** Reads one chunk of raw rows; the arrays of the driver become the rows. */
export type RowReader = (raw: unknown[][]) => unknown[];
/** What `result.keys()` gives. */
export interface ReaderShape {
  readonly keys: readonly string[];
  readonly read: RowReader;
}

const shapes = new WeakMap<Compiled, ReaderShape>();

/** The reader of a compiled statement; for raw SQL, of the fields the driver reports. */
export function rowReader(compiled: Compiled, fields: readonly FieldInfo[] | null, dialect: Dialect): ReaderShape {
  if (compiled.columns !== undefined) {
    let shape = shapes.get(compiled);
    if (shape === undefined) shapes.set(compiled, (shape = declaredShape(compiled.columns, compiled.items)));
    return shape;
  }
  const columns = (fields ?? []).map((f) => ({ key: f.name, process: dialect.undeclaredProcessor(f.typeCode) }));
  return flatShape(columns);
}

function declaredShape(columns: readonly ResultColumn[], items: readonly ResultItem[] | undefined): ReaderShape {
  if (items === undefined) return flatShape(columns);
  const keys = items.map((i) => i.name);
  const prototype = rowPrototype(keys);
  const convert = converter(columns);
  const read: RowReader = (raw) =>
    raw.map((values) => {
      convert?.(values);
      const row = items.map((item) => {
        if (!item.nested) return values[item.from];
        const part: { [key: string]: unknown } = {};
        let any = false;
        for (let i = item.from; i < item.to; i++) {
          const value = values[i];
          if (value !== null) any = true;
          part[(columns[i] as ResultColumn).key] = value;
        }
        return any ? part : null;
      });
      return Object.setPrototypeOf(row, prototype);
    });
  return { keys, read };
}

function flatShape(columns: readonly { readonly key: string; readonly process: Convert | null }[]): ReaderShape {
  const keys = columns.map((c) => c.key);
  const prototype = rowPrototype(keys);
  const convert = converter(columns);
  const { setPrototypeOf } = Object;
  const read: RowReader =
    convert === undefined
      ? (raw) => {
          for (let i = 0; i < raw.length; i++) setPrototypeOf(raw[i], prototype);
          return raw;
        }
      : (raw) => {
          for (let i = 0; i < raw.length; i++) {
            const values = raw[i] as unknown[];
            convert(values);
            setPrototypeOf(values, prototype);
          }
          return raw;
        };
  return { keys, read };
}

/** Converts the columns that need it, in place; undefined when none does. */
export function converter(
  columns: readonly { readonly process: Convert | null }[],
): ((values: unknown[]) => void) | undefined {
  const at: number[] = [];
  const by: Convert[] = [];
  const ofNull: { readonly at: number; readonly process: Convert }[] = [];
  columns.forEach(({ process }, i) => {
    if (process === null) return;
    if (process.takesNull) ofNull.push({ at: i, process });
    at.push(i);
    by.push(process);
  });
  if (at.length === 0) return undefined;
  if (ofNull.length > 0) {
    const others = converter(columns.map((c) => (c.process?.takesNull ? { process: null } : c)));
    return (values) => {
      others?.(values);
      for (const { at, process } of ofNull) values[at] = process(values[at]);
    };
  }
  return (values) => {
    for (let k = 0; k < at.length; k++) {
      const i = at[k] as number;
      const value = values[i];
      if (value !== null) values[i] = (by[k] as Convert)(value);
    }
  };
}

function ambiguous(name: string, at: number, again: number): InvalidRequestError {
  return new InvalidRequestError(
    `The row has the name '${name}' at positions ${at} and ${again}: read it by position, or give the columns labels.`,
    "row.ambiguous",
  );
}
/** What turns rows into plain objects. @throws InvalidRequestError when two columns have one name: one would be lost */
export function objectMaker(keys: readonly string[]): (row: readonly unknown[]) => { [name: string]: unknown } {
  keys.forEach((key, i) => {
    const first = keys.indexOf(key);
    if (first < i) throw ambiguous(key, first, i);
  });
  return (row) => Object.fromEntries(keys.map((key, i) => [key, row[i]]));
}
/** Names an array already has are read by position or under another label. */
const OWN = new Set(Object.getOwnPropertyNames(Array.prototype));
/** What rows with these names inherit from. */
export function rowPrototype(keys: readonly string[]): object {
  class Row extends RowBase {}
  keys.forEach((key, i) => {
    if (OWN.has(key) || /^\d+$/.test(key)) return;
    const again = keys.indexOf(key, i + 1);
    if (again < 0 && keys.indexOf(key) < i) return;
    Object.defineProperty(Row.prototype, key, {
      get:
        again < 0
          ? function (this: unknown[]) {
              return this[i];
            }
          : () => {
              throw ambiguous(key, i, again);
            },
      configurable: true,
      enumerable: false,
    });
  });
  Object.defineProperty(Row.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: unknown[]) {
      return Object.fromEntries(keys.map((key, i) => [keys.indexOf(key) < i ? `${key} (${i})` : key, this[i]]));
    },
  });
  let object: ReturnType<typeof objectMaker> | undefined;
  Object.defineProperty(Row.prototype, "toObject", {
    value(this: unknown[]) {
      object ??= objectMaker(keys);
      return object(this);
    },
  });
  return Row.prototype;
}
