// Types of one's own: every hook of TypeDecorator, user-defined types, variants, spellings, compile hooks.
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  and,
  bigInteger,
  binary,
  CreateTable,
  columnOf,
  createEngine,
  custom,
  type Dialect,
  dateTime,
  dialectNamed,
  type Engine,
  func,
  insert,
  integer,
  literal,
  MetaData,
  numeric,
  pg,
  registerTypeCompilation,
  StringType,
  select,
  spelled,
  string,
  TypeDecorator,
  table,
  tableOf,
  text,
  typeCoerce,
  UserDefinedType,
  update,
} from "../../src/index.js";

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
class MoneyType extends TypeDecorator<Money, number> {
  override readonly impl = integer();
  override toDatabase(value: Money) {
    return value.cents;
  }
  override fromDatabase(value: number) {
    return new Money(value);
  }
}
/** Stores null as "-", and reads it back: null passes through these hooks. */
class Dashed extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override processBindParam(value: string | null, dialect: Dialect) {
    expect(dialect.name).toBeTypeOf("string");
    return value ?? "-";
  }
  override processResultValue(value: string | null) {
    return value === "-" ? null : (value ?? "never");
  }
}
/** Lower case on the way in, upper case on the way out, both in SQL. */
class Folded extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override bindExpression(bind: never) {
    return func.lower(bind);
  }
  override columnExpression(column: never) {
    return func.upper(column);
  }
}
class Padded extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  readonly width: number;
  constructor(width: number) {
    super();
    this.width = width;
  }
  override toDatabase(value: string) {
    return value.padStart(this.width, "0");
  }
  override cacheKey() {
    return String(this.width);
  }
}
/** Days as dates; compared with a number, it is a number of days. */
class Days extends TypeDecorator<Date, number> {
  override readonly impl = integer();
  override toDatabase(value: Date) {
    return Math.floor(value.getTime() / 864e5);
  }
  override fromDatabase(value: number) {
    return new Date(value * 864e5);
  }
  override coerceComparedValue(_operator: string, value: unknown) {
    return typeof value === "number" ? integer() : undefined;
  }
}
class CaseIgnored extends TypeDecorator<string, string> {
  override readonly impl = string(20);
  override operate(operator: string, left: never, other: never) {
    if (operator !== "=") return undefined;
    const plain = (x: never) => func.lower(typeCoerce(x, string(20)));
    return plain(left).eq(typeof other === "string" ? (other as string).toLowerCase() : plain(other));
  }
}

describeEachDatabase(
  "types on top of others",
  (target) => {
    let engine: Engine;
    const metadata = new MetaData();
    const things = table(
      "things",
      {
        id: integer().primaryKey(),
        price: custom(MoneyType).nullable(),
        dash: custom(Dashed).nullable(),
        folded: custom(Folded).nullable(),
        padded: custom(new Padded(5)).nullable(),
        day: custom(Days).nullable(),
        name: custom(CaseIgnored).nullable(),
      },
      { metadata },
    );
    beforeAll(async () => {
      engine = createEngine(await target.url());
      await metadata.createAll(engine);
    });
    afterAll(() => engine.dispose());
    const row = async (id: number) =>
      engine.begin(async (c) => (await c.execute(select(things).where(things.c.id.eq(id))).one())[0]);
    const stored = (sql: string) => engine.begin(async (c) => (await c.execDriverSql(sql).one())[0]);

    it("converts on the way in and out, in lists of rows and in IN", async () => {
      await engine.begin(async (c) => {
        await c.execute(
          insert(things).values([
            { id: 1, price: new Money(5), day: new Date("2024-02-29T00:00:00Z") },
            { id: 2, price: null, day: null },
          ]),
        );
        const found = await c
          .execute(select(things.c.id, things.c.price).where(things.c.price.in([new Money(5), new Money(6)])))
          .all();
        expect(found.map((r) => [r.id, r.price])).toEqual([[1, new Money(5)]]);
      });
      expect((await row(2)).price).toBeNull();
      expect(await stored("select price from things where id = 1")).toBe(5);
    });
    it("hands null to the long hooks and not to the short ones", async () => {
      await engine.begin((c) =>
        c.execute(
          insert(things).values([
            { id: 10, dash: null },
            { id: 11, dash: "x" },
          ]),
        ),
      );
      expect(await stored("select dash from things where id = 10")).toBe("-");
      expect((await row(10)).dash).toBeNull();
      // Never written: NULL in the database, which the hook sees too.
      await engine.begin((c) => c.execute(insert(things).values({ id: 12 })));
      expect((await row(12)).dash).toBe("never");
      await engine.begin((c) => c.execute(update(things).set({ dash: null }).where(things.c.id.eq(11))));
      expect(await stored("select dash from things where id = 11")).toBe("-");
    });
    it("puts SQL around parameters and around what is given out, and only around what is given out", async () => {
      await engine.begin(async (c) => {
        await c.execute(
          insert(things).values([
            { id: 20, folded: "AbC" },
            { id: 21, folded: "dEf" },
          ]),
        );
        await c.execute(insert(things).values({ id: 22, folded: literal("GHI", custom(Folded)) }));
      });
      expect(await stored("select folded from things where id = 20")).toBe("abc");
      expect(await stored("select folded from things where id = 22")).toBe("ghi");
      expect((await row(21)).folded).toBe("DEF");
      await engine.begin(async (c) => {
        const inner = select(things.c.id, things.c.folded).where(things.c.folded.eq("ABC")).subquery("x");
        expect((await c.execute(select(inner.c.folded)).one())[0]).toBe("ABC");
        const raw = select(things.c.id)
          .where(things.c.folded.in(["ABC", "DEF"]))
          .orderBy(things.c.id);
        expect((await c.execute(raw).all()).map((r) => r[0])).toEqual([20, 21]);
        await c.execute(update(things).set({ folded: "XyZ" }).where(things.c.id.eq(20)));
      });
      expect(await stored("select folded from things where id = 20")).toBe("xyz");
      if (engine.dialect.capabilities.returning.insert) {
        const returning = insert(things).values({ id: 23, folded: "JkL" }).returning(things.c.folded);
        expect((await engine.begin((c) => c.execute(returning).one()))[0]).toBe("JKL");
      }
    });
    it("shares compiled statements between equal cache keys, and never between others", async () => {
      const type = (n: number) =>
        (custom(new Padded(n)) as unknown as { fields: { type: { id: number } } }).fields.type.id;
      expect(type(5)).toBe(type(5));
      expect(type(5)).not.toBe(type(6));
      await engine.begin((c) => c.execute(insert(things).values({ id: 30, padded: "7" })));
      expect((await row(30)).padded).toBe("00007");
    });
    it("binds what it is compared with as itself, unless it says otherwise", async () => {
      await engine.begin(async (c) => {
        await c.execute(insert(things).values({ id: 40, day: new Date("1970-01-11T00:00:00Z") }));
        const by = (criterion: never) => c.execute(select(things.c.id).where(criterion)).all();
        expect(await by(things.c.day.eq(new Date("1970-01-11T12:00:00Z")) as never)).toHaveLength(1);
        expect(await by(things.c.day.eq(10 as never) as never)).toHaveLength(1);
      });
    });
    it("gives an operator another meaning", async () => {
      await engine.begin(async (c) => {
        await c.execute(insert(things).values({ id: 50, name: "Ada" }));
        const found = select(things.c.id).where(and(things.c.name.eq("aDA"), things.c.name.ne("Bob")));
        expect((await c.execute(found).all()).map((r) => r[0])).toEqual([50]);
      });
    });
    it("is written into SQL text through its own hook", async () => {
      class Shouted extends TypeDecorator<string, string> {
        override readonly impl = string(20);
        override processLiteralParam(value: string | null) {
          return `${value}!`;
        }
      }
      const hostile = "it's \\ %s";
      const type = (custom(Shouted) as unknown as { fields: { type: never } }).fields.type;
      expect(await stored(`select ${engine.dialect.literal(hostile, type)}`)).toBe(`${hostile}!`);
    });
  },
  { smoke: true },
);

describe("types by dialect", () => {
  const ddl = (column: unknown, name: string) => {
    const t = table("t", { id: integer().primaryKey(), x: column as never }, { metadata: new MetaData() });
    return dialectNamed(name)
      .createDdlCompiler()
      .statements(new CreateTable(tableOf(t as never)))[0]
      ?.split("\n")[2]
      ?.trim();
  };
  it("takes another type to stand on for a database", () => {
    class Guid extends TypeDecorator<string, string> {
      override readonly impl = string(32);
      override loadDialectImpl(dialect: Dialect) {
        return dialect.name === "postgresql" ? pg.citext() : string(32);
      }
    }
    expect(ddl(custom(Guid), "postgresql")).toMatch(/^x CITEXT NOT NULL/);
    expect(ddl(custom(Guid), "sqlite")).toMatch(/^x VARCHAR\(32\) NOT NULL/);
  });
  // SQLAlchemy: Text().with_variant(VARCHAR(500), "mysql"), BigInteger().with_variant(Integer, "sqlite").
  it("varies", () => {
    const column = () => text().withVariant(string(500), "mysql", "mariadb");
    expect(ddl(column(), "mysql")).toMatch(/^x VARCHAR\(500\)/);
    expect(ddl(column(), "postgresql")).toMatch(/^x TEXT/);
    expect(ddl(numeric(10, 2).withVariant(numeric(), "postgresql"), "pglite")).toMatch(/^x NUMERIC NOT/);
    expect(() => text().withVariant(string(5), "mysql").withVariant(string(6), "mysql")).toThrow(/already/);
    const t = table(
      "t",
      {
        id: bigInteger()
          .withVariant(integer() as never, "sqlite")
          .primaryKey(),
      },
      { metadata: new MetaData() },
    );
    const create = (name: string) =>
      dialectNamed(name)
        .createDdlCompiler()
        .statements(new CreateTable(tableOf(t as never)))[0];
    expect(create("sqlite")).toContain("id INTEGER NOT NULL");
    expect(create("postgresql")).toContain("id BIGSERIAL NOT NULL");
    expect(create("mysql")).toContain("id BIGINT NOT NULL AUTO_INCREMENT");
  });
  it("spells a type exactly", () => {
    for (const name of ["sqlite", "postgresql", "mysql"]) {
      expect(ddl(spelled("NCHAR VARYING(7)", string(7)), name)).toMatch(/^x NCHAR VARYING\(7\) NOT NULL/);
    }
  });
  it("is spelled in another way for one dialect", () => {
    class Short extends StringType {}
    registerTypeCompilation(Short as never, "sqlite", () => "SHORTTEXT");
    const column = (string(3) as unknown as { with(x: object): unknown }).with({ type: new Short(3) });
    expect(ddl(column, "sqlite")).toMatch(/^x SHORTTEXT/);
    expect(ddl(column, "postgresql")).toMatch(/^x VARCHAR\(3\)/);
  });
});

class Point extends UserDefinedType<{ x: number; y: number }> {
  override columnSpec(dialect: { name: string }) {
    return dialect.name === "mysql" || dialect.name === "mariadb" ? "VARCHAR(60)" : "TEXT";
  }
  override castSpec() {
    return "CHAR";
  }
  override bindProcessor() {
    return (p: { x: number; y: number }) => `(${p.x},${p.y})`;
  }
  override resultProcessor() {
    return (given: string) => {
      const [x, y] = given.slice(1, -1).split(",").map(Number);
      return { x, y };
    };
  }
  override cacheKey() {
    return "";
  }
}
describeEachDatabase("a type that is new altogether", (target) => {
  it("is created, bound, read and written as a literal", async () => {
    const engine = createEngine(await target.url());
    try {
      const places = table(
        "places",
        {
          id: integer().primaryKey(),
          at: columnOf(new Point()).nullable(),
          seen: dateTime().nullable(),
          raw: binary().nullable(),
        },
        { metadata: new MetaData() },
      );
      await engine.begin((c) => c.execute(new CreateTable(tableOf(places))));
      await engine.begin(async (c) => {
        await c.execute(
          insert(places).values([
            { id: 1, at: { x: 1, y: -2 } },
            { id: 2, at: null },
          ]),
        );
        expect((await c.execute(select(places.c.at).orderBy(places.c.id)).all()).map((r) => r[0])).toEqual([
          { x: 1, y: -2 },
          null,
        ]);
        expect((await c.execute(select(places.c.id).where(places.c.at.eq({ x: 1, y: -2 }))).one())[0]).toBe(1);
        const written = engine.dialect.literal({ x: 3, y: 4 }, new Point());
        expect((await c.execDriverSql(`select ${written}`).one())[0]).toBe("(3,4)");
      });
    } finally {
      await engine.dispose();
    }
  });
});
