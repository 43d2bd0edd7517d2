/** The statements of generate.py, built with Athanor under the same ids. */

import type { AnyExpr, Criterion } from "../../../src/index.js";
import {
  alias,
  allOf,
  and,
  anyOf,
  bigInteger,
  boolean,
  caseOf,
  cast,
  columnValued,
  cube,
  date,
  deleteFrom,
  double,
  exists,
  false_,
  fromDmlColumn,
  func,
  groupingSets,
  insert,
  integer,
  json,
  literal,
  literalColumn,
  not,
  null_,
  numeric,
  or,
  pgFunc,
  rollup,
  rowOf,
  select,
  smallInteger,
  sql,
  string,
  tableFunction,
  tableSample,
  text,
  time,
  true_,
  tryCast,
  tuple,
  typeCoerce,
  update,
  values,
  when,
} from "../../../src/index.js";
import { items, odd, orders, tags, users, userTags } from "./tables.js";

/** What the tests ask of a statement. */
export interface Printable {
  compile(
    dialect?: unknown,
    options?: { readonly literalBinds?: boolean },
  ): { readonly sql: string; readonly params: readonly unknown[] };
}
export const statements = new Map<string, () => Printable>();
function s(id: string, make: () => Printable): void {
  if (statements.has(id)) throw new Error(`two statements have the id ${id}`);
  statements.set(id, make);
}
const where = (id: string, criterion: () => Criterion) => s(id, () => select(users.c.id).where(criterion()));
const value = (id: string, expression: () => AnyExpr) =>
  s(id, () => select((expression() as typeof users.c.id).as("v")).selectFrom(users));
const u = users.c,
  o = orders.c,
  i = items.c,
  t = tags.c,
  ut = userTags.c,
  d = odd.c;

// comparisons
for (const op of ["eq", "ne", "lt", "le", "gt", "ge"] as const) {
  where(`cmp.${op}.int`, () => u.age[op](5));
  where(`cmp.${op}.col`, () => u.age[op](u.id));
  where(`cmp.${op}.text`, () => u.name[op]("bob"));
  where(`cmp.${op}.expr`, () => u.age.add(1)[op](u.id.mul(2)));
  where(`cmp.${op}.not`, () => not(u.age[op](5)));
  where(`cmp.${op}.nested`, () => u.age[op](5)[op](u.id[op](3)));
}
where("null.eq", () => u.email.eq(null));
where("null.ne", () => u.email.ne(null));
where("null.is", () => u.email.isNull());
where("null.isnot", () => u.email.isNotNull());
where("null.not.is", () => not(u.email.isNull()));
where("null.not.isnot", () => not(u.email.isNotNull()));
where("null.eq.null", () => u.email.eq(null_));
where("null.expr", () => u.age.add(1).isNull());
where("null.bool", () => u.age.gt(1).isNull());
where("null.of.null", () => u.email.isNull().isNull());
where("distinct.value", () => u.age.isDistinctFrom(5));
where("distinct.col", () => u.age.isDistinctFrom(u.id));
where("distinct.null", () => u.age.isDistinctFrom(null));
where("distinct.not.value", () => u.age.isNotDistinctFrom(5));
where("distinct.not.col", () => u.age.isNotDistinctFrom(u.id));
where("distinct.negated", () => not(u.age.isDistinctFrom(5)));
where("distinct.not.negated", () => not(u.age.isNotDistinctFrom(5)));
where("between.int", () => u.age.between(1, 5));
where("between.not", () => not(u.age.between(1, 5)));
where("between.cols", () => u.age.between(u.id, u.bossId));
where("between.expr", () => u.age.add(1).between(u.id.mul(2), 10));
where("between.and", () => and(u.age.between(1, 5), u.id.gt(3)));
where("between.text", () => u.name.between("a", "m"));

// in
where("in.ints", () => u.id.in([1, 2, 3]));
where("in.one", () => u.id.in([1]));
where("in.empty", () => u.id.in([]));
where("in.null", () => (u.id as unknown as typeof u.age).in([1, null]));
where("in.only.null", () => (u.id as unknown as typeof u.age).in([null]));
where("in.text", () => u.name.in(["a", "b"]));
where("in.not", () => u.id.notIn([1, 2, 3]));
where("in.not.empty", () => u.id.notIn([]));
where("in.not.null", () => (u.id as unknown as typeof u.age).notIn([1, null]));
where("in.negated", () => not(u.id.in([1, 2])));
where("in.not.negated", () => not(u.id.notIn([1, 2])));
where("in.and", () => and(u.id.in([1, 2]), u.age.gt(3)));
where("in.or.empty", () => or(u.id.in([]), u.age.gt(3)));
where("in.not.empty.and", () => and(u.id.notIn([]), u.age.gt(3)));
where("in.expr.left", () => u.id.add(1).in([1, 2]));
where("in.exprs", () => u.id.in([u.age, u.bossId.add(1), 3]));
where("in.select", () => u.id.in(select(o.userId)));
where("in.not.select", () => u.id.notIn(select(o.userId).where(o.qty.gt(3))));
where("in.select.correlated", () => u.id.in(select(o.userId).where(o.userId.eq(u.id))));
where("in.tuple", () =>
  tuple(u.id, u.name).in([
    [1, "a"],
    [2, "b"],
  ]),
);
where("in.tuple.not", () => tuple(u.id, u.name).notIn([[1, "a"]]));
where("in.tuple.empty", () => tuple(u.id, u.name).in([]));
where("in.tuple.not.empty", () => tuple(u.id, u.name).notIn([]));
where("in.tuple.select", () => tuple(u.id, u.age).in(select(o.userId, o.qty)));
where("in.two.lists", () => or(u.id.in([1, 2]), u.age.in([3, 4, 5])));

// text
where("like", () => u.name.like("a%"));
where("like.not", () => u.name.notLike("a%"));
where("like.negated", () => not(u.name.like("a%")));
where("like.escape", () => u.name.like("a/%", { escape: "/" }));
where("like.not.escape", () => u.name.notLike("a/%", { escape: "/" }));
where("like.col", () => u.name.like(u.email));
where("like.concat", () => u.name.like(u.email.concat("%")));
where("like.and", () => and(u.name.like("a%"), u.email.like("b%")));
where("ilike", () => u.name.ilike("a%"));
where("ilike.not", () => u.name.notIlike("a%"));
where("ilike.negated", () => not(u.name.ilike("a%")));
where("ilike.escape", () => u.name.ilike("a/%", { escape: "/" }));
where("ilike.col", () => u.name.ilike(u.email));
for (const [name, method] of [
  ["starts", "startsWith"],
  ["ends", "endsWith"],
  ["contains", "contains"],
] as const) {
  where(`affix.${name}`, () => u.name[method]("b"));
  where(`affix.${name}.escape`, () => u.name[method]("b", { escape: "#" }));
  where(`affix.${name}.autoescape`, () => u.name[method]("b%", { autoescape: true }));
  where(`affix.${name}.not`, () => not(u.name[method]("b")));
  where(`affix.${name}.col`, () => u.name[method](u.email));
}
where("regexp", () => u.name.regexpMatch("^a"));
where("regexp.not", () => not(u.name.regexpMatch("^a")));
where("regexp.icase", () => u.name.regexpMatch("^a", { ignoreCase: true }));
value("regexp.replace", () => u.name.regexpReplace("a", "b"));
value("collate", () => u.name.collate("NOCASE"));
s("collate.order", () => select(u.id).orderBy(u.name.collate("C").desc()));
value("concat.value", () => u.name.concat("x"));
value("concat.col", () => u.name.concat(u.email));
value("concat.three", () => u.name.concat("-").concat(u.email));
value("concat.right", () => u.name.concat(u.email.concat("x")));
value("concat.func", () => func.lower(u.name).concat("x"));
where("concat.cmp", () => u.name.concat("x").eq("bx"));

// booleans
const A = () => u.age.gt(1),
  B = () => u.age.lt(9),
  C = () => u.id.eq(4);
where("bool.and", () => and(A(), B()));
where("bool.or", () => or(A(), B()));
where("bool.and.or", () => and(or(A(), B()), C()));
where("bool.or.and", () => or(and(A(), B()), C()));
where("bool.and.and", () => and(and(A(), B()), C()));
where("bool.or.or", () => or(or(A(), B()), C()));
where("bool.not.and", () => not(and(A(), B())));
where("bool.not.or", () => not(or(A(), B())));
where("bool.not.not", () => not(not(and(A(), B()))));
where("bool.and.not.or", () => and(not(or(A(), B())), C()));
where("bool.or.three", () => or(A(), B(), C()));
where("bool.and.true", () => and(true_, A()));
where("bool.and.false", () => and(false_, A()));
where("bool.or.true", () => or(true_, A()));
where("bool.or.false", () => or(false_, A()));
where("bool.true", () => true_);
where("bool.false", () => false_);
where("bool.not.true", () => not(true_));
where("bool.col", () => u.active);
where("bool.col.not", () => not(u.active));
where("bool.col.and", () => and(u.active, A()));
where("bool.col.or.not", () => or(u.active, not(u.active)));
where("bool.col.eq.true", () => u.active.eq(true));
where("bool.col.eq.false", () => u.active.eq(false));
where("bool.col.ne.true", () => u.active.ne(true));
where("bool.col.is.null", () => u.active.isNull());
where("bool.col.not.and", () => not(and(u.active, A())));
s("bool.two.wheres", () => select(u.id).where(A()).where(B()));
s("bool.where.or", () => select(u.id).where(or(A(), B())).where(C()));
value("bool.select.cmp", () => u.age.gt(3));
value("bool.select.and", () => and(A(), B()));
value("bool.select.col", () => u.active);
value("bool.select.not", () => not(u.active));
value("bool.select.null", () => null_);
value("bool.select.true", () => true_);

// arithmetic
const ARITH = ["add", "sub", "mul", "mod"] as const;
for (const n1 of ARITH) {
  value(`arith.${n1}.value`, () => u.age[n1](5));
  value(`arith.${n1}.col`, () => u.age[n1](u.id));
  for (const n2 of ARITH) {
    value(`arith.${n1}.${n2}.left`, () => u.age[n1](u.id)[n2](u.bossId));
    value(`arith.${n1}.${n2}.right`, () => u.age[n1](u.id[n2](u.bossId)));
  }
}
value("arith.neg", () => u.age.neg());
value("arith.neg.expr", () => u.age.add(1).neg());
value("arith.neg.neg", () => u.age.neg().neg());
value("arith.sub.neg", () => u.age.sub(u.id.neg()));
value("arith.div.int", () => u.age.div(2));
value("arith.div.col", () => u.age.div(u.id));
value("arith.div.float", () => u.score.div(2));
value("arith.div.add", () => u.score.add(1).div(u.score));
value("arith.floordiv", () => u.age.floorDiv(2));
where("arith.cmp", () => u.age.add(1).gt(u.id.sub(2)));
value("arith.float", () => u.score.mul(1.5));
value("arith.numeric", () => u.balance.add(typeCoerce(u.score, numeric())));
value("bits.and", () => u.age.bitAnd(3));
value("bits.or", () => u.age.bitOr(3));
value("bits.left", () => u.age.shiftLeft(3));
value("bits.right", () => u.age.shiftRight(3));
value("bits.xor", () => u.age.bitXor(3));
value("bits.not", () => u.age.bitNot());
value("op.custom", () => u.name.op("||", u.email));
where("op.bool", () => u.name.boolOp("<>", "x"));
value("literal.int", () => literal(5, integer()));
value("literal.text", () => literal("it's", string()));
value("literal.column", () => literalColumn("1 + 1", integer()));

// case, cast, extract
value("case.searched", () => when(u.age.gt(5), "old").else("young"));
value("case.two", () => when(u.age.gt(50), "old").when(u.age.gt(20), "mid").else("young"));
value("case.no.else", () => when(u.age.gt(5), 1).end());
value("case.and", () => when(and(A(), B()), 1).else(0));
value("case.simple", () => caseOf(u.id).when(1, "one").when(2, "two").else("many"));
value("case.column.results", () => when(u.age.gt(5), u.name).else(u.email));
value("case.in.func", () => func.sum(when(u.age.gt(5), 1).else(0)));
where("case.where", () => when(u.age.gt(5), 1).else(0).eq(1));
value("case.bool", () => when(u.active, 1).else(0));
value("case.arith", () => typeCoerce(when(u.age.gt(5), 1).else(0), integer()).add(1));
s("case.order", () => select(u.id).orderBy(when(u.name.eq("a"), 0).else(1)));
value("cast.int", () => cast(u.name, integer()));
value("cast.bigint", () => cast(u.name, bigInteger()));
value("cast.smallint", () => cast(u.name, smallInteger()));
value("cast.string", () => cast(u.name, string(20)));
value("cast.text", () => cast(u.name, text()));
value("cast.numeric", () => cast(u.name, numeric(10, 2)));
value("cast.date", () => cast(u.name, date()));
value("cast.time", () => cast(u.name, time()));
value("cast.double", () => cast(u.name, double()));
value("cast.bool", () => cast(u.age, boolean()));
value("cast.expr", () => cast(u.age.add(1), string(20)));
value("cast.value", () => cast(literal(5, integer()), string(20)));
value("cast.arith", () => cast(u.name, integer()).add(1));
where("cast.where", () => cast(u.name, integer()).eq(5));
value("coerce", () => typeCoerce(u.name, integer()));
value("coerce.arith", () => typeCoerce(u.name, integer()).add(1));
for (const field of ["year", "month", "day", "hour", "minute", "second", "dow", "doy", "week", "epoch"] as const) {
  value(`extract.${field}`, () => u.created.extract(field));
}
where("extract.where", () => u.created.extract("year").eq(2024));

// functions
value("func.count.star", () => func.count());
value("func.count", () => func.count(u.id));
value("func.count.distinct", () => func.count(u.name).distinct());
for (const f of ["sum", "min", "max", "avg", "abs"] as const) value(`func.${f}`, () => func[f](u.age));
for (const f of ["lower", "upper", "length", "trim"] as const) value(`func.${f}`, () => func[f](u.name));
value("func.coalesce", () => func.coalesce(u.email, "none"));
value("func.coalesce.col", () => func.coalesce(u.email, u.name));
value("func.nullif", () => func.nullif(u.name, "x"));
value("func.round", () => func.round(u.score));
value("func.round.digits", () => func.round(u.balance, 1));
value("func.now", () => func.now());
value("func.current.date", () => func.currentDate());
value("func.random", () => func.random());
value("func.replace", () => func.replace(u.name, "a", "b"));
value("func.substr", () => func.substr(u.name, 1, 2));
value("func.char.length", () => func.call("char_length", integer(), u.name));
value("func.unknown", () => func.call("similarity", double(), u.name, "x"));
value("func.package", () => func.call("pkg.thing", string(), u.name));
value("func.nested", () => func.lower(func.coalesce(u.email, u.name)));
value("func.expr.arg", () => func.abs(u.age.sub(100)));
value("func.arith", () => func.abs(u.age).add(func.abs(u.id)));
where("func.where", () => func.lower(u.name).eq("bob"));
s("func.auto.names", () => select(func.count(u.id), func.count(u.name), func.max(u.id)).selectFrom(users));
s("func.alone", () => select(func.abs(literal(-5, integer()))));
value("func.strings", () => func.aggregateStrings(u.name, ","));
value("func.strings.ordered", () => func.aggregateStrings(u.name, ",").aggregateOrderBy(u.name.desc()));
value("filter.count", () => func.count(u.id).filter(u.age.gt(5)));
value("filter.star", () => func.count().filter(u.age.gt(5)));
value("filter.sum", () => func.sum(u.age).filter(u.age.gt(5), u.id.lt(9)));
value("filter.bool", () => func.count(u.id).filter(u.active));
value("filter.over", () => func.sum(u.age).filter(u.age.gt(5)).over({ orderBy: u.id }));
value("within.percentile", () => func.percentileCont(0.5).withinGroup(u.age));
value("within.desc", () => func.percentileDisc(0.5).withinGroup(u.age.desc()));
value("within.mode", () => func.mode().withinGroup(u.name));

// windows
value("over.empty", () => func.rowNumber().over());
value("over.order", () => func.rowNumber().over({ orderBy: u.age }));
value("over.order.desc", () => func.rank().over({ orderBy: u.age.desc() }));
value("over.orders", () => func.denseRank().over({ orderBy: [u.age, u.id.desc()] }));
value("over.partition", () => func.sum(u.age).over({ partitionBy: u.bossId }));
value("over.partitions", () => func.sum(u.age).over({ partitionBy: [u.bossId, u.active] }));
value("over.both", () => func.sum(u.age).over({ partitionBy: u.bossId, orderBy: u.id }));
const FRAMES = {
  unbounded: [null, null],
  running: [null, 0],
  back: [-2, 0],
  around: [-1, 1],
  ahead: [0, 3],
  rest: [0, null],
  behind: [-3, -1],
} as const;
for (const [name, rows] of Object.entries(FRAMES))
  value(`over.rows.${name}`, () => func.sum(u.age).over({ orderBy: u.id, rows }));
value("over.range", () => func.sum(u.age).over({ orderBy: u.id, range: [null, 0] }));
value("over.range.value", () => func.sum(u.age).over({ orderBy: u.id, range: [-2, 2] }));
value("over.lag", () => func.lag(u.age).over({ orderBy: u.id }));
value("over.lag.offset", () => func.lag(u.age, 2).over({ orderBy: u.id }));
value("over.lead", () => func.lead(u.age, 1, 0).over({ orderBy: u.id }));
value("over.first", () => func.firstValue(u.age).over({ orderBy: u.id }));
value("over.ntile", () => func.ntile(4).over({ orderBy: u.id }));
value("over.arith", () => u.age.sub(typeCoerce(func.avg(u.age).over({ partitionBy: u.bossId }), integer())));
value("over.expr", () => func.sum(u.age.add(1)).over({ orderBy: u.id.add(1) }));
value("over.agg", () => func.sum(func.count(u.id)).over({ orderBy: u.bossId }));
s("over.top", () => {
  const r = select(u.id, func.rowNumber().over({ partitionBy: u.bossId, orderBy: u.age.desc() }).as("rn")).subquery(
    "r",
  );
  return select(r.c.id, r.c.rn).where(r.c.rn.le(2));
});

// select
s("select.one", () => select(u.id));
s("select.two", () => select(u.id, u.name));
s("select.table", () => select(tags));
s("select.tables", () => select(tags, userTags).where(t.id.eq(ut.tagId)));
s("select.star.count", () => select(func.count()).selectFrom(users));
s("select.value", () => select(literal(1, integer()).as("one")));
s("select.label", () => select(u.id.as("key"), u.age.add(1).as("next")));
s("select.label.quoted", () => select(u.id.as("Some Label")));
s("select.label.reserved", () => select(u.id.as("order")));
s("select.anon.expr", () => select(u.age.add(1), u.age.sub(1)));
s("select.distinct", () => select(u.name).distinct());
s("select.distinct.two", () => select(u.name, u.age).distinct().orderBy(u.name));
s("select.distinct.on", () => select(u.id, u.name).distinct(u.name).orderBy(u.name, u.id));
s("select.group", () => select(u.bossId, func.count(u.id).as("n")).groupBy(u.bossId));
s("select.group.two", () => select(u.bossId, u.active, func.count(u.id).as("n")).groupBy(u.bossId, u.active));
s("select.having", () => select(u.bossId, func.count(u.id).as("n")).groupBy(u.bossId).having(func.count(u.id).gt(1)));
s("select.having.two", () =>
  select(u.bossId).groupBy(u.bossId).having(func.count(u.id).gt(1)).having(func.max(u.age).lt(90)),
);
s("select.group.expr", () => select(func.lower(u.name).as("low"), func.count().as("n")).groupBy(func.lower(u.name)));
s("select.group.label", () => {
  const low = func.lower(u.name).as("low");
  return select(low, func.count().as("n")).groupBy(low).orderBy(low);
});
s("select.rollup", () => select(u.bossId, func.count(u.id).as("n")).groupBy(rollup(u.bossId, u.active)));
s("select.cube", () => select(u.bossId, func.count(u.id).as("n")).groupBy(cube(u.bossId, u.active)));
s("select.grouping.sets", () =>
  select(u.bossId, func.count(u.id).as("n")).groupBy(groupingSets([u.bossId], [u.active], [])),
);
s("select.no.from", () => select(literal(1, integer()).as("a"), literal("x", string()).as("b")));
s("select.prefix", () => select(u.id).prefixWith(sql`ALL`));
s("select.prefix.dialect", () => select(u.id).prefixWith(sql`SQL_NO_CACHE`, { dialect: "mysql" }));
s("select.suffix", () => select(u.id).suffixWith(sql`/* done */`));
s("select.hint", () => select(u.id).withHint(users, sql`USE INDEX (PRIMARY)`, { dialect: "mysql" }));
s("select.only", () => select(u.id, u.name).withOnlyColumns(u.age));
s("select.add", () => select(u.id).addColumns(u.name));
s("select.filter.by", () => select(u.id).filterBy({ name: "x", age: 3 }));
s("select.filter.by.null", () => select(u.id).filterBy({ email: null }));
s("select.cartesian", () => select(u.id, t.id));
s("select.odd", () => select(odd));
s("select.odd.where", () =>
  select(d.id).where(d.mixed.gt(1), d.percent.eq(2), d.colon.eq(3), d.select.eq("x"), d.quote.eq(4)),
);
s("select.odd.alias", () => select(alias(odd, "Group").c.select));

// order by, limit
s("order.plain", () => select(u.id).orderBy(u.name));
s("order.asc", () => select(u.id).orderBy(u.name.asc()));
s("order.desc", () => select(u.id).orderBy(u.name.desc()));
s("order.two", () => select(u.id).orderBy(u.name, u.id.desc()));
s("order.chained", () => select(u.id).orderBy(u.name).orderBy(u.id));
s("order.reset", () => select(u.id).orderBy(u.name).orderBy(null).orderBy(u.id));
s("order.expr", () => select(u.id).orderBy(u.age.add(u.id)));
s("order.func", () => select(u.id).orderBy(func.lower(u.name).desc()));
s("order.nulls.first", () => select(u.id).orderBy(u.email.nullsFirst()));
s("order.nulls.last", () => select(u.id).orderBy(u.email.nullsLast()));
s("order.desc.nulls.first", () => select(u.id).orderBy(u.email.desc().nullsFirst()));
s("order.desc.nulls.last", () => select(u.id).orderBy(u.email.desc().nullsLast()));
s("order.label", () => {
  const n = u.age.add(1).as("n");
  return select(u.id, n).orderBy(n);
});
s("order.label.desc", () => {
  const n = u.age.add(1).as("n");
  return select(u.id, n).orderBy(n.desc());
});
s("order.label.bare", () => select(u.id, u.age.add(1).as("n")).orderBy(u.age.add(1)));
s("limit", () => select(u.id).orderBy(u.id).limit(5));
s("limit.offset", () => select(u.id).orderBy(u.id).limit(5).offset(2));
s("offset", () => select(u.id).orderBy(u.id).offset(2));
s("limit.zero", () => select(u.id).limit(0));
s("limit.none", () => select(u.id).limit(5).limit(null));
s("slice", () => select(u.id).orderBy(u.id).slice(2, 5));
s("slice.start", () => select(u.id).orderBy(u.id).slice(0, 5));
s("fetch", () => select(u.id).orderBy(u.id).fetch(5));
s("fetch.offset", () => select(u.id).orderBy(u.id).offset(2).fetch(5));
s("fetch.ties", () => select(u.id).orderBy(u.age).fetch(5, { withTies: true }));

// for update
s("lock", () => select(u.id).withForUpdate());
s("lock.nowait", () => select(u.id).withForUpdate({ nowait: true }));
s("lock.skip", () => select(u.id).withForUpdate({ skipLocked: true }));
s("lock.read", () => select(u.id).withForUpdate({ read: true }));
s("lock.read.nowait", () => select(u.id).withForUpdate({ read: true, nowait: true }));
s("lock.key", () => select(u.id).withForUpdate({ keyShare: true }));
s("lock.key.read", () => select(u.id).withForUpdate({ keyShare: true, read: true }));
s("lock.of", () => select(u.id).join(orders, o.userId.eq(u.id)).withForUpdate({ of: users }));
s("lock.limit", () => select(u.id).orderBy(u.id).limit(1).withForUpdate({ skipLocked: true }));

// joins
s("join.fk", () => select(u.id, o.id.as("oid")).join(orders));
s("join.on", () => select(u.id).join(orders, o.userId.eq(u.id)));
s("join.on.and", () => select(u.id).join(orders, and(o.userId.eq(u.id), o.qty.gt(3))));
s("join.left", () => select(u.id).outerJoin(orders));
s("join.full", () => select(u.id).fullJoin(orders));
s("join.three", () => select(u.id, i.sku).selectFrom(users).join(orders).join(items));
s("join.left.left", () => select(u.id, i.sku).selectFrom(users).outerJoin(orders).outerJoin(items, i.orderId.eq(o.id)));
s("join.from", () => select(u.id).joinFrom(users, orders));
s("join.outer.from", () => select(u.id).outerJoinFrom(users, orders));
s("join.m2m", () => select(u.name, t.name.as("tag")).selectFrom(users).join(userTags).join(tags));
s("join.self", () => {
  const boss = alias(users, "boss");
  return select(u.name, boss.c.name.as("boss")).join(boss, u.bossId.eq(boss.c.id));
});
s("join.self.anon", () => {
  const boss = alias(users);
  return select(u.name, boss.c.name.as("boss")).outerJoin(boss, u.bossId.eq(boss.c.id));
});
s("join.two.anon", () => {
  const a = alias(users),
    b = alias(users);
  return select(a.c.id.as("x"), b.c.id.as("y")).join(b, a.c.bossId.eq(b.c.id));
});
s("join.subquery", () => {
  const sub = select(o.userId, func.count(o.id).as("n")).groupBy(o.userId).subquery("counts");
  return select(u.name, sub.c.n).outerJoin(sub, sub.c.userId.eq(u.id));
});
s("join.subquery.anon", () => {
  const sub = select(o.userId, func.count(o.id).as("n")).groupBy(o.userId).subquery();
  return select(u.name, sub.c.n).join(sub, sub.c.userId.eq(u.id));
});
s("join.where", () => select(u.id).join(orders).where(o.qty.gt(3)).orderBy(o.id));
s("join.true", () => select(u.id, t.id.as("tid")).join(tags, true_));
s("join.implicit", () => select(u.id, o.id.as("oid")).where(u.id.eq(o.userId)));
s("join.bool.on", () => select(u.id).join(orders, u.active));
s("join.dup.names", () => select(u.id, o.id).join(orders));
s("join.group", () =>
  select(u.name, func.sum(o.qty).as("q")).join(orders).groupBy(u.name).having(func.sum(o.qty).gt(2)).orderBy(u.name),
);
s("alias.select", () => {
  const a = alias(users, "a");
  return select(a.c.id, a.c.name);
});
s("alias.anon", () => {
  const a = alias(users);
  return select(a.c.id).where(a.c.name.eq("x"));
});
s("alias.quoted", () => select(alias(users, "My Alias").c.id));
s("alias.of.alias", () => select(alias(alias(users, "a"), "b").c.id));

// subqueries
s("sub.from", () => select(select(u.id).where(u.age.gt(3)).subquery("s").c.id));
s("sub.from.anon", () => select(select(u.id).subquery().c.id));
s("sub.nested", () => {
  const r = select(u.id).subquery("r");
  return select(select(r.c.id).where(r.c.id.gt(1)).subquery("s").c.id);
});
s("sub.label", () => select(select(u.age.add(1).as("n")).subquery("s").c.n));
s("sub.func", () => {
  const sub = select(func.count(u.id)).subquery("s");
  return select((sub.c as unknown as { count_1: typeof u.id }).count_1);
});
s("sub.limit", () => {
  const sub = select(u.id).orderBy(u.id).limit(3).subquery("s");
  return select(sub.c.id).where(sub.c.id.gt(2));
});
s("sub.same.anon.twice", () => {
  const sub = select(u.id).subquery();
  return select(sub.c.id).where(sub.c.id.gt(1), sub.c.id.lt(9));
});
s("scalar.select", () => select(u.id, select(func.count(o.id)).where(o.userId.eq(u.id)).scalar().as("n")));
s("scalar.where", () =>
  select(u.id).where(u.age.gt(typeCoerce(select(func.avg(alias(users, "x").c.age)).scalar(), integer()))),
);
s("scalar.arith", () => select(select(func.max(o.qty)).scalar().add(1).as("n")));
s("scalar.uncorrelated", () => select(u.id).where(u.id.eq(select(func.max(o.userId)).scalar())));
s("scalar.order", () => select(u.id).orderBy(select(func.count(o.id)).where(o.userId.eq(u.id)).scalar()));
s("scalar.correlate.only", () =>
  select(u.id, select(o.qty).where(o.userId.eq(u.id)).correlate(users).limit(1).scalar().as("q")).join(orders),
);
s("scalar.correlate.except", () =>
  select(u.id, select(func.count(o.id)).where(o.userId.eq(u.id)).correlateExcept(orders).scalar().as("q")),
);
s("scalar.deep", () =>
  select(u.id).where(exists(select(o.id).where(o.userId.eq(u.id), exists(select(i.id).where(i.orderId.eq(o.id)))))),
);
where("exists", () => exists(select(o.id).where(o.userId.eq(u.id))));
where("exists.not", () => not(exists(select(o.id).where(o.userId.eq(u.id)))));
where("exists.and", () => and(exists(select(o.id).where(o.userId.eq(u.id))), u.age.gt(3)));
where("exists.or.not", () =>
  or(exists(select(o.id).where(o.userId.eq(u.id))), not(exists(select(ut.tagId).where(ut.userId.eq(u.id))))),
);
value("exists.select", () => exists(select(o.id).where(o.userId.eq(u.id))));
where("any", () => u.id.eq(anyOf(select(o.userId))));
where("all", () => u.id.gt(allOf(select(o.userId))));
where("any.correlated", () => u.age.lt(anyOf(select(o.qty).where(o.userId.eq(u.id)))));
where("tuple.eq", () => tuple(u.id, u.age).eq([1, 2]));
where("tuple.gt", () => tuple(u.age, u.id).gt([5, 2]));
s("lateral", () => {
  const l = select(o.qty).where(o.userId.eq(u.id)).orderBy(o.qty.desc()).limit(2).lateral("l");
  return select(u.id, l.c.qty).selectFrom(users).join(l, true_);
});
s("lateral.left", () => {
  const l = select(o.qty).where(o.userId.eq(u.id)).limit(1).lateral("l");
  return select(u.id, l.c.qty).selectFrom(users).outerJoin(l, true_);
});

// CTEs
s("cte", () => select(select(u.id).where(u.age.gt(3)).cte("c").c.id));
s("cte.twice", () => {
  const c = select(u.id).cte("c");
  const b = alias(c as unknown as typeof users, "b");
  return select(c.c.id, b.c.id.as("other")).where(c.c.id.eq(b.c.id));
});
s("cte.join", () => {
  const c = select(o.userId, func.count(o.id).as("n")).groupBy(o.userId).cte("c");
  return select(u.name, c.c.n).join(c, c.c.userId.eq(u.id));
});
s("cte.two", () => {
  const a = select(u.id).cte("a"),
    b = select(o.userId, o.qty).cte("b");
  return select(a.c.id, b.c.qty).where(a.c.id.eq(b.c.userId));
});
s("cte.chain", () => {
  const a = select(u.id).where(u.id.gt(1)).cte("a");
  return select(select(a.c.id).where(a.c.id.lt(9)).cte("b").c.id);
});
s("cte.params.order", () => {
  const c = select(u.id).where(u.name.eq("first")).cte("c");
  return select(c.c.id, literal("x", string()).as("l")).where(c.c.id.gt(7));
});
s("cte.in.subquery", () => {
  const c = select(o.userId).where(o.qty.gt(2)).cte("c");
  return select(u.id).where(u.id.in(select(c.c.userId)));
});
s("cte.recursive", () => {
  const base = select(u.id, u.bossId).where(u.bossId.eq(null)).cte("chain", { recursive: true });
  return select(base.unionAll(select(u.id, u.bossId).join(base, u.bossId.eq(base.c.id))).c.id);
});
s("cte.recursive.numbers", () => {
  const base = select(literal(1, integer()).as("n")).cte("nums", { recursive: true });
  return select(base.unionAll(select(base.c.n.add(1).as("n")).where(base.c.n.lt(5))).c.n);
});
s("cte.recursive.union", () => {
  const base = select(u.id).where(u.id.eq(1)).cte("r", { recursive: true });
  return select(base.union(select(u.id).where(u.bossId.eq(base.c.id))).c.id);
});
s("cte.union", () => select(select(u.id).unionAll(select(o.id)).cte("c").c.id));
s("cte.nesting", () => {
  const inner = select(u.id).cte("inner_cte", { nesting: true });
  return select(select(inner.c.id).subquery("sub").c.id);
});
s("cte.materialized", () => select(select(u.id).cte("c", { materialized: true }).c.id));
s("cte.delete", () => select(deleteFrom(items).where(i.price.lt(3)).returning(i.id).cte("gone").c.id));
s("cte.update", () => {
  const c = update(items).set({ price: 5 }).where(i.id.eq(1)).returning(i.id, i.price).cte("changed");
  return select(c.c.id, c.c.price);
});
s("cte.insert", () => select(insert(tags).values({ name: "cte" }).returning(t.id).cte("made").c.id));
s("cte.add", () => select(u.id).addCte(select(o.id).cte("unused")));

// set operations
const ids = () => select(u.id),
  userIds = () => select(o.userId) as unknown as ReturnType<typeof ids>,
  orderIds = () => select(o.id);
s("set.union", () => ids().union(userIds()));
s("set.union.all", () => ids().unionAll(userIds()));
s("set.intersect", () => ids().intersect(userIds()));
s("set.except", () => ids().except(userIds()));
s("set.intersect.all", () => ids().intersectAll(userIds()));
s("set.except.all", () => ids().exceptAll(userIds()));
s("set.three", () => ids().union(orderIds(), select(i.id)));
s("set.order", () => ids().union(userIds()).orderBy(u.id));
s("set.order.desc", () => select(u.id, u.name).union(select(t.id, t.name)).orderBy(u.name.desc()));
s("set.limit", () => ids().unionAll(orderIds()).orderBy(u.id).limit(3));
s("set.limit.offset", () => ids().unionAll(orderIds()).orderBy(u.id).limit(3).offset(1));
s("set.member.limit", () => ids().orderBy(u.id).limit(1).unionAll(orderIds().orderBy(o.id).limit(2)));
s("set.nested", () => ids().union(orderIds()).except(select(i.id)));
s("set.nested.right", () => ids().union(orderIds().intersect(select(i.id))));
s("set.subquery", () => {
  const both = ids().union(orderIds()).subquery("both");
  return select(both.c.id).where(both.c.id.gt(2));
});
s("set.where", () =>
  ids()
    .where(u.age.gt(3))
    .union(userIds().where(o.qty.gt(4))),
);
s("set.labels", () => select(u.id.as("k")).union(select(o.userId.as("k")) as unknown as ReturnType<typeof ids>));
where("set.in", () => u.id.in(userIds().union(select(ut.userId))));
const correlated = () =>
  select(o.id)
    .where(o.userId.eq(u.id))
    .union(select(o.qty).where(o.userId.eq(u.id)) as unknown as ReturnType<typeof orderIds>);
s("set.scalar.correlated", () => select(u.id, correlated().orderBy(o.id).limit(1).scalar().as("n")));
where("set.in.correlated", () => u.id.in(correlated()));
where("set.exists.correlated", () => exists(correlated()));
s("set.order.labelled", () =>
  select(u.id.as("k"))
    .union(select(o.userId.as("k")) as unknown as ReturnType<typeof ids>)
    .orderBy(u.id),
);
s("set.literal", () => select(literal(1, integer()).as("n")).unionAll(select(literal(2, integer()).as("n"))));

// FROM: values, functions, samples
const pairs = () =>
  values(
    { id: integer(), label: string() },
    [
      { id: 1, label: "a" },
      { id: 2, label: "b" },
    ],
    "v",
  );
s("values", () => {
  const v = pairs();
  return select(v.c.id, v.c.label);
});
s("values.join", () => {
  const v = pairs();
  return select(u.name, v.c.label).join(v, v.c.id.eq(u.id));
});
s("tablefunc", () =>
  select(tableFunction("generate_series", { value: integer() }, [1, 5], { name: "g", derived: true }).c.value),
);
s("tablefunc.ordinality", () => {
  const g = tableFunction("generate_series", { value: integer(), n: integer() }, [4, 6], {
    name: "g",
    ordinality: "n",
  });
  return select(g.c.value, g.c.n);
});
s("tablefunc.json", () => {
  const j = tableFunction("json_each", { key: string(), value: string() }, [u.prefs], { name: "j" });
  return select(u.id, j.c.key).selectFrom(users, j);
});
s("tablesample", () => select(tableSample(users, 10, { seed: 5, name: "s" }).c.id));

// insert
s("insert", () => insert(tags).values({ name: "x" }));
s("insert.two", () => insert(tags).values({ name: "x", uses: 3 }));
s("insert.null", () => insert(tags).values({ name: "x", uses: null }));
s("insert.rows", () =>
  insert(tags).values([
    { name: "a", uses: 1 },
    { name: "b", uses: 2 },
  ]),
);
s("insert.expr", () =>
  insert(tags).values({ name: func.lower(literal("X", string())), uses: literal(1, integer()).add(2) }),
);
s("insert.scalar", () => insert(tags).values({ name: "x", uses: select(func.max(o.qty)).scalar() }));
s("insert.defaults", () => insert(tags));
s("insert.select", () => insert(tags).fromSelect(["name", "uses"], select(u.name, u.age).where(u.age.gt(3))));
s("insert.select.union", () => insert(tags).fromSelect(["name"], select(u.name).union(select(o.status))));
s("insert.select.cte", () => insert(tags).fromSelect(["name"], select(select(u.name).cte("c").c.name)));
s("insert.odd", () => insert(odd).values({ select: "x", mixed: 1, percent: 2, colon: 3 }));
s("insert.returning", () => insert(tags).values({ name: "x" }).returning(t.id, t.name));
s("insert.returning.expr", () => insert(tags).values({ name: "x", uses: 1 }).returning(t.uses.add(1).as("n")));
s("insert.returning.table", () => insert(tags).values({ name: "x" }).returning(tags));

// upsert
const one = () => insert(tags).values({ name: "x" });
s("upsert.nothing", () => one().onConflictDoNothing());
s("upsert.nothing.target", () => one().onConflictDoNothing({ target: ["name"] }));
s("upsert.update", () => one().onConflictDoUpdate({ target: ["name"], set: { uses: 1 } }));
s("upsert.excluded", () =>
  insert(tags)
    .values({ name: "x", uses: 2 })
    .onConflictDoUpdate({ target: ["name"], set: (e) => ({ uses: e.uses }) }),
);
s("upsert.add", () =>
  insert(tags)
    .values({ name: "x", uses: 2 })
    .onConflictDoUpdate({ target: ["name"], set: (e) => ({ uses: t.uses.add(e.uses) }) }),
);
s("upsert.where", () => one().onConflictDoUpdate({ target: ["name"], set: { uses: 1 }, where: t.uses.lt(5) }));
s("upsert.partial", () => one().onConflictDoNothing({ target: ["name"], targetWhere: t.uses.gt(5) }));
s("upsert.constraint", () => one().onConflictDoNothing({ constraint: "tags_name_key" }));
s("upsert.rows", () =>
  insert(tags)
    .values([{ name: "a" }, { name: "b" }])
    .onConflictDoNothing(),
);
s("upsert.select", () => insert(tags).fromSelect(["name"], select(u.name)).onConflictDoNothing());
s("upsert.returning", () =>
  one()
    .onConflictDoUpdate({ target: ["name"], set: { uses: 1 } })
    .returning(t.id),
);
s("upsert.mysql", () => one().onDuplicateKeyUpdate({ uses: 1 }));

// update
s("update", () => update(tags).set({ uses: 1 }));
s("update.where", () => update(tags).set({ uses: 1 }).where(t.id.eq(2)));
s("update.two", () => update(tags).set({ name: "x", uses: 1 }).where(t.id.eq(2), t.uses.gt(3)));
s("update.expr", () => update(tags).set({ uses: t.uses.add(1) }));
s("update.null", () => update(tags).set({ uses: null }));
s("update.func", () => update(tags).set({ name: func.upper(t.name) }));
s("update.case", () => update(tags).set({ uses: when(t.uses.gt(3), 0).else(t.uses) }));
s("update.scalar", () => update(tags).set({ uses: select(func.count(ut.userId)).where(ut.tagId.eq(t.id)).scalar() }));
s("update.in.select", () =>
  update(tags)
    .set({ uses: 0 })
    .where(t.id.in(select(ut.tagId))),
);
s("update.exists", () =>
  update(tags)
    .set({ uses: 0 })
    .where(exists(select(ut.tagId).where(ut.tagId.eq(t.id)))),
);
s("update.from", () => update(orders).set({ status: "x" }).where(o.userId.eq(u.id), u.name.eq("bob")));
s("update.from.value", () => update(orders).set({ status: u.name }).where(o.userId.eq(u.id)));
s("update.from.two", () => update(items).set({ price: 0 }).where(i.orderId.eq(o.id), o.userId.eq(u.id)));
s("update.returning", () => update(tags).set({ uses: 1 }).where(t.id.eq(1)).returning(t.id, t.uses));
s("update.cte", () => {
  const c = select(ut.tagId).cte("c");
  return update(tags)
    .set({ uses: 0 })
    .where(t.id.in(select(c.c.tagId)));
});
s("update.odd", () => update(odd).set({ select: "y", mixed: 3 }).where(d.percent.eq(1)));
s("update.limit", () => update(tags).set({ uses: 0 }).where(t.uses.gt(1)).orderBy(t.id.desc()).limit(1));
s("delete.limit", () => deleteFrom(items).orderBy(i.id).limit(1));
s("update.bool", () => update(users).set({ active: true }).where(u.active));

// delete
s("delete", () => deleteFrom(tags));
s("delete.where", () => deleteFrom(tags).where(t.id.eq(1)));
s("delete.two", () => deleteFrom(tags).where(t.id.gt(1)).where(t.uses.lt(3)));
s("delete.in", () => deleteFrom(tags).where(t.id.in([1, 2])));
s("delete.in.select", () => deleteFrom(tags).where(t.id.in(select(ut.tagId))));
s("delete.exists", () => deleteFrom(tags).where(not(exists(select(ut.tagId).where(ut.tagId.eq(t.id))))));
s("delete.using", () => deleteFrom(orders).where(o.userId.eq(u.id), u.name.eq("bob")));
s("delete.returning", () => deleteFrom(tags).where(t.id.eq(1)).returning(t.id));
s("delete.cte", () => {
  const c = select(ut.tagId).cte("c");
  return deleteFrom(tags).where(t.id.in(select(c.c.tagId)));
});

// added with SQLAlchemy 2.x's constructs
value("try.int", () => tryCast(u.name, integer()));
value("try.text", () => tryCast(u.age, text()));
for (const [name, method] of [
  ["istarts", "iStartsWith"],
  ["iends", "iEndsWith"],
  ["icontains", "iContains"],
] as const) {
  where(`affix.${name}`, () => u.name[method]("B"));
  where(`affix.${name}.not`, () => not(u.name[method]("B")));
}
where("affix.icontains.autoescape", () => u.name.iContains("B%", { autoescape: true }));
value("over.groups", () => func.sum(u.age).over({ orderBy: u.age.mod(3), groups: [-1, 0] }));
for (const [name, exclude] of [
  ["current", "CURRENT ROW"],
  ["group", "GROUP"],
  ["ties", "TIES"],
  ["others", "NO OTHERS"],
] as const)
  value(`over.exclude.${name}`, () => func.sum(u.age).over({ orderBy: [u.bossId, u.id], rows: [null, null], exclude }));
value("date.add", () => u.created.add("P1DT2H0.25S"));
value("date.sub", () => u.created.sub("PT90M"));
value("date.add.day", () => u.birthday.add("P30D"));
value("date.diff", () => u.created.diff(new Date(Date.UTC(2024, 0, 1))));
where("date.add.where", () => u.created.add("P60D").gt(new Date(Date.UTC(2024, 5, 1))));
s("label.style.table", () =>
  select(u.id, o.id, o.userId).where(o.userId.eq(u.id)).setLabelStyle("tableNamePlusColumn"),
);
s("label.style.none", () => select(u.id, o.id).where(o.userId.eq(u.id)).setLabelStyle("none"));
s("label.style.default", () => select(u.id, o.id).where(o.userId.eq(u.id)).setLabelStyle("disambiguateOnly"));
s("label.style.alias", () => {
  const b = alias(users, "boss");
  return select(u.id, b.c.name).where(b.c.id.eq(u.bossId)).setLabelStyle("tableNamePlusColumn");
});
s("select.filter.by.joined", () => select(u.id).join(orders).filterBy({ status: "x", name: "ann" }));
s("from.only", () => select(t.id).only(tags));
s("from.only.alias", () => {
  const a = alias(tags, "a");
  return select(a.c.id).only(a);
});
s("update.only", () => update(tags).set({ uses: 1 }).only());
s("delete.only", () => deleteFrom(tags).only());
s("select.statement.hint", () =>
  select(u.id).withStatementHint(sql`/*+ NO_RANGE_OPTIMIZATION(users) */`, { dialect: "mysql" }),
);
s("cte.recursive.alias", () => {
  const base = select(u.id, u.bossId).where(u.bossId.eq(null)).cte("r", { recursive: true });
  const up = alias(base as unknown as typeof users, "up"),
    below = alias(users, "below");
  const r = base.unionAll(select(below.c.id, below.c.bossId).where(below.c.bossId.eq(up.c.id)));
  return select(r.c.id);
});
s("cte.two.aliases", () => {
  const r = select(u.id).cte("r") as unknown as typeof users;
  const a = alias(r, "a"),
    b = alias(r, "b");
  return select(a.c.id, b.c.id.as("other")).where(a.c.id.eq(b.c.id));
});
s("cte.suffix", () => select(select(u.id).cte("c", { suffix: sql`/* kept */` }).c.id));
s("insert.prefix", () =>
  insert(tags)
    .prefixWith(sql`OR IGNORE`, { dialect: "sqlite" })
    .prefixWith(sql`IGNORE`, { dialect: "mysql" })
    .values({ name: "x" }),
);
s("insert.tuples", () =>
  insert(tags).tuples(
    ["name", "uses"],
    [
      ["p", 1],
      ["q", 2],
    ],
  ),
);
s("insert.inline", () => insert(tags).values({ name: "x" }).inline());
s("update.dml.column", () =>
  update(tags).set({ uses: t.id.add(1), name: when(fromDmlColumn(t.uses).gt(2), "big").else(t.name) }),
);
s("update.dml.column.other", () => update(tags).set({ uses: func.length(fromDmlColumn(t.name)) }));
s("update.ordered", () => update(tags).orderedValues(["uses", t.id], ["name", "z"]).where(t.id.eq(1)));
s("update.prefix", () =>
  update(tags).prefixWith(sql`LOW_PRIORITY`, { dialect: "mysql" }).set({ uses: 1 }).where(t.id.eq(1)),
);
s("delete.prefix", () => deleteFrom(tags).prefixWith(sql`QUICK`, { dialect: "mysql" }).where(t.id.eq(1)));
s("row.of", () => select(func.call("row_to_json", json<unknown>(), rowOf(tags)).as("r")));
s("array.literal", () => select(pgFunc.array([1, 2, 3]).as("v")));
s("array.query", () => select(pgFunc.array(select(t.id).orderBy(t.id)).as("v")));
where("array.any", () => u.id.eq(anyOf(pgFunc.array([1, 4]))));
s("array.agg", () => select(pgFunc.arrayAgg(t.id).aggregateOrderBy(t.id.desc()).as("v")));
s("column.valued", () => select(columnValued("generate_series", integer(), [1, 3], "n")));
s("tablefunc.typed", () => {
  const r = tableFunction("json_to_recordset", { a: integer(), b: text() }, ['[{"a": 1, "b": "x"}]'], {
    name: "r",
    derived: "typed",
  });
  return select(r.c.a, r.c.b);
});
where("fts.matches", () =>
  pgFunc.matches(pgFunc.toTsvector(u.name, { config: "english" }), pgFunc.plaintoTsquery("ann", { config: "english" })),
);

// JSON
value("json.key", () => u.prefs.get("theme"));
value("json.index", () => u.prefs.get(0 as unknown as "theme"));
value("json.path", () => u.prefs.get("a").get(1).get("b"));
value("json.text", () => u.prefs.get("theme").asText());
value("json.number", () => u.prefs.get("size").asNumber());
value("json.bool", () => u.prefs.get("on").asBoolean());
where("json.where", () => u.prefs.get("theme").asText().eq("dark"));
value("json.hostile", () => u.prefs.get('it\'s "q"').asText());

// text
s("text", () => sql.text("select 1") as unknown as Printable);
s(
  "text.bind",
  () => sql.text("select id from users where name = :name").bindParams({ name: "bob" }) as unknown as Printable,
);
s("text.colon", () => sql.text("select '\\:x' as x") as unknown as Printable);
where("text.where", () => sql`users.age > 3`);
