/** The codes by which statements are told apart; and that every operator says what it means on every database. */
import { describeEachDatabase } from "@athanor/test-support";
import { describe, expect, it } from "vitest";
import {
  and,
  array,
  CompileError,
  createEngine,
  dateTime,
  integer,
  literal,
  not,
  or,
  select,
  string,
} from "../../src/index.js";
import { OP } from "../../src/sql/key.js";
import * as ops from "../../src/sql/operators.js";

const OPERATORS = Object.values(ops).filter((o): o is ops.Operator => typeof o === "object" && "precedence" in o);

describe("codes in the keys of statements", () => {
  it("are given once", () => {
    const codes = Object.values(OP);
    expect(new Set(codes).size).toBe(codes.length);
    // Their negatives are codes, too: `-OP.binary` is one with an escape.
    for (const code of codes) expect(code, "a positive whole number").toBeGreaterThan(0);
    const ids = OPERATORS.map((o) => o.id);
    expect(new Set(ids).size).toBe(ids.length);
    const names = OPERATORS.map((o) => o.name);
    expect(new Set(names).size).toBe(names.length);
  });
  it("an operator's opposite has it as its opposite", () => {
    for (const { name, negated } of OPERATORS)
      if (negated !== undefined && negated !== "") expect(ops.operator(negated).negated, name).toBe(name);
  });
});

const n = (x: number) => literal(x, integer());
const t = (x: string) => literal(x, string());
const at = (x: number) => literal(new Date(Date.UTC(2024, 0, x)), dateTime());
const list = (...x: number[]) => literal(x, array(integer()));
/** By the operator's name: an expression and what it gives. `undefined`: it needs an index, so it is only written. */
const SAMPLES: { readonly [operator: string]: readonly [() => unknown, unknown] } = {
  eq: [() => n(1).eq(1), true],
  ne: [() => n(1).ne(1), false],
  lt: [() => n(1).lt(2), true],
  le: [() => n(2).le(2), true],
  gt: [() => n(1).gt(2), false],
  ge: [() => n(2).ge(2), true],
  is: [() => n(1).isNull(), false],
  isNot: [() => n(1).isNotNull(), true],
  isDistinctFrom: [() => n(1).isDistinctFrom(2), true],
  isNotDistinctFrom: [() => n(1).isNotDistinctFrom(2), false],
  like: [() => t("abc").like("a%"), true],
  notLike: [() => t("abc").notLike("a%"), false],
  ilike: [() => t("ABC").ilike("a%"), true],
  notIlike: [() => t("ABC").notIlike("a%"), false],
  regexpMatch: [() => t("abc").regexpMatch("^a.c$"), true],
  notRegexpMatch: [() => not(t("abc").regexpMatch("^a.c$")), false],
  regexpMatchIgnoringCase: [() => t("ABC").regexpMatch("^a.c$", { ignoreCase: true }), true],
  notRegexpMatchIgnoringCase: [() => not(t("ABC").regexpMatch("^a.c$", { ignoreCase: true })), false],
  match: [() => t("a").match("a"), undefined],
  notMatch: [() => not(t("a").match("a")), undefined],
  in: [() => n(1).in([1, 2]), true],
  notIn: [() => n(1).notIn([1, 2]), false],
  between: [() => n(2).between(1, 3), true],
  notBetween: [() => n(2).notBetween(1, 3), false],
  add: [() => n(1).add(2), 3],
  sub: [() => n(1).sub(2), -1],
  mul: [() => n(2).mul(3), 6],
  div: [() => n(3).div(2), 1.5],
  floorDiv: [() => n(7).floorDiv(2), 3],
  mod: [() => n(7).mod(4), 3],
  dateAdd: [() => at(1).add("P1D"), new Date(Date.UTC(2024, 0, 2))],
  dateSub: [() => at(2).sub("P1D"), new Date(Date.UTC(2024, 0, 1))],
  dateDiff: [() => at(2).diff(at(1) as never), "P1D"],
  neg: [() => n(1).neg(), -1],
  concat: [() => t("a").concat("b"), "ab"],
  bitAnd: [() => n(6).bitAnd(3), 2],
  bitOr: [() => n(6).bitOr(3), 7],
  bitXor: [() => n(6).bitXor(3), 5],
  bitNot: [() => n(1).bitNot(), -2],
  shiftLeft: [() => n(1).shiftLeft(3), 8],
  shiftRight: [() => n(8).shiftRight(3), 1],
  and: [() => and(n(1).eq(1), n(2).eq(3)), false],
  or: [() => or(n(1).eq(1), n(2).eq(3)), true],
  not: [() => not(and(n(1).eq(1), n(2).eq(3))), true],
  collate: [() => t("a").collate("C"), undefined],
  arrayContains: [() => list(1, 2).contains([2] as never), true],
  arrayOverlaps: [() => list(1, 2).overlaps([2, 3] as never), true],
};
/** Never written by themselves: places between parts. */
const PLACES = ["outermost", "comma"];

it("every operator has a sample here", () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(
    OPERATORS.map((o) => o.name)
      .filter((name) => !PLACES.includes(name))
      .sort(),
  );
});
describeEachDatabase("an operator", (target) => {
  it("gives what it means, or is refused by name", async () => {
    await using engine = createEngine(await target.url());
    await using conn = await engine.connect();
    const refused: string[] = [];
    for (const [name, [make, expected]] of Object.entries(SAMPLES)) {
      const statement = select((make() as ReturnType<typeof n>).as("v"));
      if (expected === undefined) {
        expect(statement.compile(engine).sql, name).not.toBe("");
        continue;
      }
      try {
        const value: unknown = await conn.execute(statement).scalar();
        expect(typeof expected === "number" ? Number(value) : value, name).toEqual(expected);
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
        refused.push(name);
      }
    }
    expect(refused).toEqual([]);
  });
});
