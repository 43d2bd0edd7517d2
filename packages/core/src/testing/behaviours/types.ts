/** Every generic type takes its values there and back, at its edges, and as null. */
import {
  array,
  bigInteger,
  binary,
  boolean,
  type ColumnLike,
  custom,
  date,
  dateTime,
  double,
  enumeration,
  float,
  insert,
  integer,
  json,
  MetaData,
  numeric,
  select,
  smallInteger,
  string,
  table,
  text,
  time,
  TypeDecorator,
  update,
  uuid,
} from "../../index.js";
import { type Behaviour, type BehaviourGroup, behaviour } from "../behaviour.js";

/** A column of the type and the values it must keep. `orders`: SQL compares them as JavaScript does. */
function roundTrip<T>(name: string, make: () => { nullable(): unknown }, values: readonly T[], orders = false): Behaviour {
  return behaviour(`${name}: values come back as they went, null included`, [], async ({ assert, withTables }) => {
    await withTables(
      (metadata) =>
        table(
          "suite_value",
          // The factories differ in their values' types; `T` stands for what each takes.
          { id: integer().primaryKey().autoincrement(false), v: make().nullable() as ReturnType<typeof nullableOf<T>> },
          { metadata },
        ),
      async (connection, t) => {
        const rows = [...values, null].map((v, id) => ({ id, v }));
        for (const row of rows) await connection.execute(insert(t).values(row));
        const all = select(t.c.v).orderBy(t.c.id);
        assert.deepEqual(await connection.scalars(all).all(), rows.map((r) => r.v), "one by one");
        // Every row at once, and through UPDATE, take other ways to the driver.
        await connection.execute(insert(t), rows.map((r) => ({ id: r.id + 1000, v: r.v })));
        assert.deepEqual(await connection.scalars(all.where(t.c.id.ge(1000))).all(), rows.map((r) => r.v), "all at once");
        await connection.execute(update(t).set({ v: null }).where(t.c.id.ge(1000)));
        for (const row of rows) await connection.execute(update(t).set({ v: row.v }).where(t.c.id.eq(row.id + 1000)));
        assert.deepEqual(await connection.scalars(all.where(t.c.id.ge(1000))).all(), rows.map((r) => r.v), "by UPDATE");
        if (orders) {
          for (const { id, v } of rows) {
            if (v === null) continue;
            const found = await connection.scalars(select(t.c.id).where(t.c.v.eq(v), t.c.id.lt(1000))).all();
            assert.deepEqual(found, [id], `found by equality: ${String(v)}`);
          }
        }
      },
    );
  });
}
/** Only its type is used: what a nullable column of `T` is. */
function nullableOf<T>(): ColumnLike<T | null, "null" | "plain"> & ReturnType<ReturnType<typeof uuidColumn<T>>["nullable"]> {
  throw new TypeError("never called");
}
function uuidColumn<T>() {
  return custom<T, string>(class extends TypeDecorator<T, string> {
    override readonly impl = uuid();
    override toDatabase(value: T) {
      return value as string;
    }
    override fromDatabase(value: string) {
      return value as T;
    }
  });
}
