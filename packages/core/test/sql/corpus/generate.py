#!/usr/bin/python3
"""Writes corpus.json: statements as SQLAlchemy (Debian's python3-sqlalchemy) renders them for SQLite, PostgreSQL and MySQL.

    /usr/bin/python3 packages/core/test/sql/corpus/generate.py

Every statement has an id; statements.ts builds the same ones with Athanor under the same ids. Where Athanor differs on
purpose the text here is ours, and `why` says why: either one of the CONVENTIONS below, which hold for all statements,
or the statement's own override. `None` as a text means: a CompileError.
"""
import json, os, re, sys
from sqlalchemy import *
from sqlalchemy.sql.expression import Insert
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.mysql import insert as my_insert
from sqlalchemy.dialects.sqlite import insert as lite_insert
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy import __version__

DIALECTS = {
    "sqlite": SQLiteDialect(paramstyle="qmark"),
    "postgresql": PGDialect(paramstyle="qmark"),
    "mysql": MySQLDialect(paramstyle="qmark"),
}
DIALECTS["mysql"].supports_for_update_of = True
DIALECTS["mysql"].server_version_info = (8, 0, 30)
DIALECTS["mysql"].is_mariadb = False

ALL = tuple(DIALECTS)
# Differences that hold for every statement: (name, dialects, pattern, replacement, why).
CONVENTIONS = [
    ("limit", ("mysql",), r"LIMIT \?, \?", "LIMIT ? OFFSET ?", "LIMIT n OFFSET m says the same on MySQL and reads as on the other two"),
    ("unlimited", ("mysql",), r"LIMIT \?, 18446744073709551615", "LIMIT 18446744073709551615 OFFSET ?", "as limit: the standard order"),
    ("now", ("sqlite",), r"\bCURRENT_TIMESTAMP\b(?! AS keep)", "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')", "milliseconds, as our timestamps are stored; CURRENT_TIMESTAMP has whole seconds"),
    ("now6", ("mysql",), r"\bnow\(\)", "now(6)", "microseconds, as our timestamps are stored"),
    ("plain-names", ALL, r'(\.)("[^"]+"|`[^`]+`|\w+) AS \2(?=[, )]|$)', r"\1\2", "a column in a subquery needs no AS for its own name"),
    ("when", ALL, r"WHEN \(([^()]*)\) THEN", r"WHEN \1 THEN", "parentheses by precedence only"),
    ("set", ALL, r"uses ?= ?\(([^()]*)\)", r"uses=\1", "parentheses by precedence only"),
    ("values", ALL, r"VALUES \(lower\(\?\), \((\? \+ \?)\)\)", r"VALUES (lower(?), \1)", "parentheses by precedence only"),
    ("limit-all", ("postgresql",), r" LIMIT ALL OFFSET", " OFFSET", "PostgreSQL takes OFFSET alone"),
    ("booleans", ("mysql",), r"\b(true|false) = 1", lambda m: {"true": "1 = 1", "false": "0 = 1"}[m[1]], "MySQL's true is 1: written as on SQLite"),
    ("boolean", ("mysql",), r"SELECT true AS", "SELECT 1 AS", "MySQL's true is 1: written as on SQLite"),
    ("signed", ("mysql",), "SIGNED INTEGER", "SIGNED", "the INTEGER is optional and MariaDB's older servers do without"),
    ("time", ("mysql",), r"AS TIME\)", "AS TIME(6))", "microseconds, as our TIME columns have"),
    ("length", ("mysql",), r"\blength\(", "char_length(", "length() counts bytes on MySQL; characters are meant and counted elsewhere"),
]

def conventional(sql, name):
    for rule, where, pattern, by, _ in CONVENTIONS:
        if name in where: sql = re.sub(pattern, by, sql)
    for start in (r"(?<!NOT )\(EXISTS \(", r"\((?=\S+ NOT IN \(SELECT [a-z])"):
        while (m := re.search(start, sql)):
            sql = without_parentheses(sql, m.start())
    return sql
def without_parentheses(sql, at):
    depth = 0
    for k in range(at, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[k], 0)
        if depth == 0: return sql[:at] + sql[at + 1:k] + sql[k + 1:]

# SQLite's compiler always writes OFFSET and binds the -1 for "no limit"; we write OFFSET when asked, and -1 as a literal.
def sqlite_limit(self, select, **kw):
    text = ""
    if select._limit_clause is not None: text += " LIMIT " + self.process(select._limit_clause, **kw)
    if select._offset_clause is not None: text += ("" if text else " LIMIT -1") + " OFFSET " + self.process(select._offset_clause, **kw)
    return text
sqlite.base.SQLiteCompiler.limit_clause = sqlite_limit

metadata = MetaData()
users = Table("users", metadata,
    Column("id", Integer, primary_key=True), Column("name", String(40)), Column("email", String(60)), Column("age", Integer),
    Column("active", Boolean), Column("score", Float), Column("balance", Numeric(10, 2)), Column("created", DateTime),
    Column("birthday", Date), Column("boss_id", Integer, ForeignKey("users.id")), Column("prefs", JSON))
orders = Table("orders", metadata,
    Column("id", Integer, primary_key=True), Column("user_id", Integer, ForeignKey("users.id")), Column("status", String(20)),
    Column("total", Numeric(10, 2)), Column("qty", Integer), Column("placed", DateTime))
items = Table("items", metadata,
    Column("id", Integer, primary_key=True), Column("order_id", Integer, ForeignKey("orders.id")), Column("sku", String(20)),
    Column("price", Integer), Column("note", Text))
tags = Table("tags", metadata, Column("id", Integer, primary_key=True), Column("name", String(20), unique=True), Column("uses", Integer))
user_tags = Table("user_tags", metadata,
    Column("user_id", Integer, ForeignKey("users.id"), primary_key=True), Column("tag_id", Integer, ForeignKey("tags.id"), primary_key=True))
odd = Table("order", metadata,
    Column("id", Integer, primary_key=True), Column("select", String(20)), Column("Mixed Case", Integer), Column("per%cent", Integer),
    Column("col:on", Integer), Column('quo"te', Integer))
u, o, i, t, ut, d = users.c, orders.c, items.c, tags.c, user_tags.c, odd.c

CASES = {}
def S(id, make, why=None, **texts):
    """One statement; `sqlite=`, `postgresql=`, `mysql=` give our own text (None: an error), `why` says why."""
    assert id not in CASES, id
    assert not texts or why, id
    CASES[id] = (make, why, texts)
def W(id, criterion, why=None, **texts):
    """A criterion, in SELECT users.id FROM users WHERE …; overrides are of the criterion alone."""
    head = "SELECT users.id FROM users WHERE "
    S(id, lambda: select(u.id).where(criterion()), why, **{k: None if v is None else head + v for k, v in texts.items()})
def V(id, value, why=None, **texts):
    """A value, in SELECT … AS v FROM users; overrides are of the value alone."""
    S(id, lambda: select(value().label("v")).select_from(users), why, **{k: None if v is None else f"SELECT {v} AS v FROM users" for k, v in texts.items()})

BOUND = "true and false as values are parameters: one cached text serves both"
LITERAL_PATH = "the path is part of the text: it is structure, indexes on it can be used, and one parameter less is sent"
TRUE_DIV = "true division as SQLAlchemy 2.x renders it; 1.4 has integer division"
NO_1_4 = "SQLAlchemy 1.4 has no such construct; the text is the database's documented form"
PG_ONLY = "only PostgreSQL has it: elsewhere a CompileError rather than SQL the server refuses"
RETURNING_14 = "SQLAlchemy 1.4 knows no RETURNING here; SQLite 3.35 has it (the text is that of 2.x), MySQL has none: an error"

# ---- comparisons
import operator as op
COMPARE = {"eq": op.eq, "ne": op.ne, "lt": op.lt, "le": op.le, "gt": op.gt, "ge": op.ge}
for name, f in COMPARE.items():
    W(f"cmp.{name}.int", lambda f=f: f(u.age, 5))
    W(f"cmp.{name}.col", lambda f=f: f(u.age, u.id))
    W(f"cmp.{name}.text", lambda f=f: f(u.name, "bob"))
    W(f"cmp.{name}.expr", lambda f=f: f(u.age + 1, u.id * 2))
    W(f"cmp.{name}.not", lambda f=f: not_(f(u.age, 5)))
    W(f"cmp.{name}.nested", lambda f=f: f(f(u.age, 5), f(u.id, 3)))
W("null.eq", lambda: u.email == None)
W("null.ne", lambda: u.email != None)
W("null.is", lambda: u.email.is_(None))
W("null.isnot", lambda: u.email.is_not(None))
W("null.not.is", lambda: not_(u.email.is_(None)))
W("null.not.isnot", lambda: not_(u.email.is_not(None)))
W("null.eq.null", lambda: u.email == null())
W("null.expr", lambda: (u.age + 1).is_(None))
W("null.bool", lambda: (u.age > 1).is_(None))
W("null.of.null", lambda: u.email.is_(None).is_(None))
W("distinct.value", lambda: u.age.is_distinct_from(5))
W("distinct.col", lambda: u.age.is_distinct_from(u.id))
W("distinct.null", lambda: u.age.is_distinct_from(None))
W("distinct.not.value", lambda: u.age.is_not_distinct_from(5))
W("distinct.not.col", lambda: u.age.is_not_distinct_from(u.id))
W("distinct.negated", lambda: not_(u.age.is_distinct_from(5)))
W("distinct.not.negated", lambda: not_(u.age.is_not_distinct_from(5)))
W("between.int", lambda: u.age.between(1, 5))
W("between.not", lambda: not_(u.age.between(1, 5)))
W("between.cols", lambda: u.age.between(u.id, u.boss_id))
W("between.expr", lambda: (u.age + 1).between(u.id * 2, 10))
W("between.and", lambda: and_(u.age.between(1, 5), u.id > 3))
W("between.text", lambda: u.name.between("a", "m"))

# ---- in
W("in.ints", lambda: u.id.in_([1, 2, 3]))
W("in.one", lambda: u.id.in_([1]))
W("in.empty", lambda: u.id.in_([]))
W("in.null", lambda: u.id.in_([1, None]))
W("in.only.null", lambda: u.id.in_([None]))
W("in.text", lambda: u.name.in_(["a", "b"]))
W("in.not", lambda: u.id.not_in([1, 2, 3]))
W("in.not.empty", lambda: u.id.not_in([]))
W("in.not.null", lambda: u.id.not_in([1, None]))
W("in.negated", lambda: not_(u.id.in_([1, 2])))
W("in.not.negated", lambda: not_(u.id.not_in([1, 2])))
W("in.and", lambda: and_(u.id.in_([1, 2]), u.age > 3))
W("in.or.empty", lambda: or_(u.id.in_([]), u.age > 3))
W("in.not.empty.and", lambda: and_(u.id.not_in([]), u.age > 3))
W("in.expr.left", lambda: (u.id + 1).in_([1, 2]))
W("in.exprs", lambda: u.id.in_([u.age, u.boss_id + 1, 3]))
W("in.select", lambda: u.id.in_(select(o.user_id)))
W("in.not.select", lambda: u.id.not_in(select(o.user_id).where(o.qty > 3)))
W("in.select.correlated", lambda: u.id.in_(select(o.user_id).where(o.user_id == u.id)))
W("in.tuple", lambda: tuple_(u.id, u.name).in_([(1, "a"), (2, "b")]))
W("in.tuple.not", lambda: tuple_(u.id, u.name).not_in([(1, "a")]))
W("in.tuple.empty", lambda: tuple_(u.id, u.name).in_([]))
W("in.tuple.not.empty", lambda: tuple_(u.id, u.name).not_in([]))
W("in.tuple.select", lambda: tuple_(u.id, u.age).in_(select(o.user_id, o.qty)))
W("in.two.lists", lambda: or_(u.id.in_([1, 2]), u.age.in_([3, 4, 5])))

# ---- text
W("like", lambda: u.name.like("a%"))
W("like.not", lambda: u.name.not_like("a%"))
W("like.negated", lambda: not_(u.name.like("a%")))
W("like.escape", lambda: u.name.like("a/%", escape="/"))
W("like.not.escape", lambda: u.name.not_like("a/%", escape="/"))
W("like.col", lambda: u.name.like(u.email))
W("like.concat", lambda: u.name.like(u.email + "%"))
W("like.and", lambda: and_(u.name.like("a%"), u.email.like("b%")))
W("ilike", lambda: u.name.ilike("a%"))
W("ilike.not", lambda: u.name.not_ilike("a%"))
W("ilike.negated", lambda: not_(u.name.ilike("a%")))
W("ilike.escape", lambda: u.name.ilike("a/%", escape="/"))
W("ilike.col", lambda: u.name.ilike(u.email))
AFFIX = "a plain text becomes one parameter with its % in it: a prefix the planner can use; SQLAlchemy concatenates on the server"
for name, method in {"starts": "startswith", "ends": "endswith", "contains": "contains"}.items():
    W(f"affix.{name}", lambda m=method: getattr(u.name, m)("b"), AFFIX, **{k: "users.name LIKE ?" for k in DIALECTS})
    W(f"affix.{name}.escape", lambda m=method: getattr(u.name, m)("b", escape="#"), AFFIX, **{k: "users.name LIKE ? ESCAPE '#'" for k in DIALECTS})
    W(f"affix.{name}.autoescape", lambda m=method: getattr(u.name, m)("b%", autoescape=True), AFFIX, **{k: "users.name LIKE ? ESCAPE '/'" for k in DIALECTS})
    W(f"affix.{name}.not", lambda m=method: not_(getattr(u.name, m)("b")), AFFIX, **{k: "users.name NOT LIKE ?" for k in DIALECTS})
    lite = {"starts": "users.email || ?", "ends": "? || users.email", "contains": "? || users.email || ?"}[name]
    W(f"affix.{name}.col", lambda m=method: getattr(u.name, m)(u.email), "the % beside a column is a parameter, and LIKE needs no parentheses",
      **{k: f"users.name LIKE " + (lite if k != "mysql" else f"concat({lite.replace(' || ', ', ')})") for k in DIALECTS})
W("regexp", lambda: u.name.regexp_match("^a"))
W("regexp.not", lambda: not_(u.name.regexp_match("^a")))
W("regexp.icase", lambda: u.name.regexp_match("^a", flags="i"), "SQLAlchemy's flag form needs regexp_like(), which MariaDB has not, and does nothing on SQLite; (?i) and lower() work",
  sqlite="lower(users.name) REGEXP lower(?)", mysql="users.name REGEXP concat('(?i)', ?)")
V("regexp.replace", lambda: u.name.regexp_replace("a", "b"), "PostgreSQL replaces only the first match without 'g'; SQLite has no such function: an error",
  sqlite=None, postgresql="REGEXP_REPLACE(users.name, ?, ?, 'g')")
V("collate", lambda: u.name.collate("NOCASE"), "a collation's name is quoted where the database folds unquoted names", sqlite='users.name COLLATE "NOCASE"', mysql="users.name COLLATE `NOCASE`")
S("collate.order", lambda: select(u.id).order_by(u.name.collate("C").desc()), "as collate", sqlite='SELECT users.id FROM users ORDER BY users.name COLLATE "C" DESC', mysql="SELECT users.id FROM users ORDER BY users.name COLLATE `C` DESC")
V("concat.value", lambda: u.name + "x")
V("concat.col", lambda: u.name + u.email)
V("concat.three", lambda: u.name + "-" + u.email, "one concat() of all parts", mysql="concat(users.name, ?, users.email)")
V("concat.right", lambda: u.name + (u.email + "x"), "one concat() of all parts", mysql="concat(users.name, users.email, ?)")
V("concat.func", lambda: func.lower(u.name) + "x")
W("concat.cmp", lambda: (u.name + "x") == "bx")

# ---- booleans
A, B, C = (lambda: u.age > 1), (lambda: u.age < 9), (lambda: u.id == 4)
W("bool.and", lambda: and_(A(), B()))
W("bool.or", lambda: or_(A(), B()))
W("bool.and.or", lambda: and_(or_(A(), B()), C()))
W("bool.or.and", lambda: or_(and_(A(), B()), C()))
W("bool.and.and", lambda: and_(and_(A(), B()), C()))
W("bool.or.or", lambda: or_(or_(A(), B()), C()))
W("bool.not.and", lambda: not_(and_(A(), B())))
W("bool.not.or", lambda: not_(or_(A(), B())))
W("bool.not.not", lambda: not_(not_(and_(A(), B()))), "two negations cancel out, also for NULL", **{k: "users.age > ? AND users.age < ?" for k in DIALECTS})
W("bool.and.not.or", lambda: and_(not_(or_(A(), B())), C()))
W("bool.or.three", lambda: or_(A(), B(), C()))
W("bool.and.true", lambda: and_(true(), A()))
W("bool.and.false", lambda: and_(false(), A()))
W("bool.or.true", lambda: or_(true(), A()))
W("bool.or.false", lambda: or_(false(), A()))
W("bool.true", lambda: true())
W("bool.false", lambda: false())
W("bool.not.true", lambda: not_(true()))
W("bool.col", lambda: u.active)
W("bool.col.not", lambda: not_(u.active))
W("bool.col.and", lambda: and_(u.active, A()))
W("bool.col.or.not", lambda: or_(u.active, not_(u.active)))
W("bool.col.eq.true", lambda: u.active == True, BOUND, **{k: "users.active = ?" for k in DIALECTS})
W("bool.col.eq.false", lambda: u.active == False, BOUND, **{k: "users.active = ?" for k in DIALECTS})
W("bool.col.ne.true", lambda: u.active != True, BOUND, **{k: "users.active != ?" for k in DIALECTS})
W("bool.col.is.null", lambda: u.active.is_(None))
W("bool.col.not.and", lambda: not_(and_(u.active, A())))
S("bool.two.wheres", lambda: select(u.id).where(A()).where(B()))
S("bool.where.or", lambda: select(u.id).where(or_(A(), B())).where(C()))
V("bool.select.cmp", lambda: u.age > 3)
V("bool.select.and", lambda: and_(A(), B()))
V("bool.select.col", lambda: u.active)
V("bool.select.not", lambda: not_(u.active))
V("bool.select.null", lambda: null())
V("bool.select.true", lambda: true())

# ---- arithmetic
ARITH = {"add": op.add, "sub": op.sub, "mul": op.mul, "mod": op.mod}
for n1, f1 in ARITH.items():
    V(f"arith.{n1}.value", lambda f=f1: f(u.age, 5))
    V(f"arith.{n1}.col", lambda f=f1: f(u.age, u.id))
    for n2, f2 in ARITH.items():
        V(f"arith.{n1}.{n2}.left", lambda f=f1, g=f2: g(f(u.age, u.id), u.boss_id))
        V(f"arith.{n1}.{n2}.right", lambda f=f1, g=f2: f(u.age, g(u.id, u.boss_id)))
V("arith.neg", lambda: -u.age)
V("arith.neg.expr", lambda: -(u.age + 1))
V("arith.neg.neg", lambda: -(-u.age), "-(-x): without the parentheses SQLite, PostgreSQL and MySQL read a comment", **{k: "-(-users.age)" for k in DIALECTS})
V("arith.sub.neg", lambda: u.age - (-u.id))
V("arith.div.int", lambda: u.age / 2, TRUE_DIV, sqlite="users.age / (? + 0.0)", postgresql="users.age / CAST(? AS NUMERIC)", mysql="users.age / ?")
V("arith.div.col", lambda: u.age / u.id, TRUE_DIV, sqlite="users.age / (users.id + 0.0)", postgresql="users.age / CAST(users.id AS NUMERIC)", mysql="users.age / users.id")
V("arith.div.float", lambda: u.score / 2)
V("arith.div.add", lambda: (u.score + 1) / u.score)
V("arith.floordiv", lambda: u.age // 2 if hasattr(u.age, "__floordiv__") else u.age, "floor division is of 2.x; MySQL's / is never integer division, so DIV",
  sqlite="users.age / ?", postgresql="users.age / ?", mysql="users.age DIV ?")
W("arith.cmp", lambda: u.age + 1 > u.id - 2)
V("arith.float", lambda: u.score * 1.5)
V("arith.numeric", lambda: u.balance + u.score)
for name, sign in {"and": "&", "or": "|", "left": "<<", "right": ">>"}.items():
    V(f"bits.{name}", lambda s=sign: u.age.op(s, precedence=7)(3))
V("bits.xor", lambda: u.age.op("#", precedence=7)(3), "SQLite has no XOR: a | b minus a & b says the same", sqlite="(users.age | ?) - (users.age & ?)", mysql="users.age ^ ?")
V("bits.not", lambda: u.age.op("~")(3), "prefix ~, which 1.4 cannot spell; MySQL's gives an unsigned number unless cast", sqlite="~users.age", postgresql="~users.age", mysql="CAST(~users.age AS SIGNED)")
V("op.custom", lambda: u.name.op("||")(u.email))
W("op.bool", lambda: u.name.bool_op("<>")("x"))
V("literal.int", lambda: literal(5))
V("literal.text", lambda: literal("it's"))
V("literal.column", lambda: literal_column("1 + 1"))

# ---- case, cast, extract
V("case.searched", lambda: case((u.age > 5, "old"), else_="young"))
V("case.two", lambda: case((u.age > 50, "old"), (u.age > 20, "mid"), else_="young"))
V("case.no.else", lambda: case((u.age > 5, 1)))
V("case.and", lambda: case((and_(A(), B()), 1), else_=0))
V("case.simple", lambda: case({1: "one", 2: "two"}, value=u.id, else_="many"))
V("case.column.results", lambda: case((u.age > 5, u.name), else_=u.email))
V("case.in.func", lambda: func.sum(case((u.age > 5, 1), else_=0)))
W("case.where", lambda: case((u.age > 5, 1), else_=0) == 1)
V("case.bool", lambda: case((u.active, 1), else_=0), "a boolean column as a criterion is compared with 1 everywhere, as in WHERE", sqlite="CASE WHEN users.active = 1 THEN ? ELSE ? END", mysql="CASE WHEN users.active = 1 THEN ? ELSE ? END")
V("case.arith", lambda: case((u.age > 5, 1), else_=0) + 1)
S("case.order", lambda: select(u.id).order_by(case((u.name == "a", 0), else_=1)))
CASTS = {"int": Integer(), "bigint": BigInteger(), "smallint": SmallInteger(), "string": String(20), "text": Text(), "numeric": Numeric(10, 2), "date": Date(), "time": Time()}
OWN_CASTS = {
    "smallint": dict(why="as SQLAlchemy"),
    "date": dict(why="dates are ISO text on SQLite: CAST AS DATE there would give a number", sqlite="CAST(users.name AS TEXT)"),
    "time": dict(why="as cast.date", sqlite="CAST(users.name AS TEXT)"),
}
for name, ty in CASTS.items():
    own = dict(OWN_CASTS.get(name, {})); why = own.pop("why", None)
    V(f"cast.{name}", lambda ty=ty: cast(u.name, ty), why if own else None, **own)
V("cast.double", lambda: cast(u.name, Float(53)), "double precision under each database's own name", sqlite="CAST(users.name AS DOUBLE)", postgresql="CAST(users.name AS DOUBLE PRECISION)", mysql="CAST(users.name AS DOUBLE)")
V("cast.bool", lambda: cast(u.age, Boolean), "a boolean is an integer where there is no boolean type; MySQL casts to SIGNED only", mysql="CAST(users.age AS SIGNED)")
V("cast.expr", lambda: cast(u.age + 1, String(20)))
V("cast.value", lambda: cast(literal(5), String(20)))
V("cast.arith", lambda: cast(u.name, Integer) + 1)
W("cast.where", lambda: cast(u.name, Integer) == 5)
V("coerce", lambda: type_coerce(u.name, Integer))
V("coerce.arith", lambda: type_coerce(u.name, Integer) + 1)
for field in ("year", "month", "day", "hour", "minute", "second", "dow", "doy", "week", "epoch"):
    own = {"dow": "(dayofweek(users.created) - 1)", "doy": "dayofyear(users.created)", "epoch": "timestampdiff(SECOND, '1970-01-01', users.created)"}.get(field)
    why = "MySQL's EXTRACT has no such field; the function that gives what PostgreSQL and SQLite give"
    texts = {} if own is None else {"mysql": own}
    if field == "week": why, texts = "the ISO week, as EXTRACT gives it on PostgreSQL; %W and WEEK count from the first Sunday or Monday", {"sqlite": "CAST(STRFTIME('%V', users.created) AS INTEGER)", "mysql": "weekofyear(users.created)"}
    V(f"extract.{field}", lambda f=field: extract(f, u.created), why if texts else None, **texts)
W("extract.where", lambda: extract("year", u.created) == 2024)

# ---- functions
V("func.count.star", lambda: func.count())
V("func.count", lambda: func.count(u.id))
V("func.count.distinct", lambda: func.count(distinct(u.name)), "DISTINCT is no function: no space lost, none gained", **{k: "count(DISTINCT users.name)" for k in DIALECTS})
for f in ("sum", "min", "max", "avg", "abs"): V(f"func.{f}", lambda f=f: getattr(func, f)(u.age))
for f in ("lower", "upper", "length", "trim"): V(f"func.{f}", lambda f=f: getattr(func, f)(u.name))
V("func.coalesce", lambda: func.coalesce(u.email, "none"))
V("func.coalesce.col", lambda: func.coalesce(u.email, u.name))
V("func.nullif", lambda: func.nullif(u.name, "x"))
V("func.round", lambda: func.round(u.score))
V("func.round.digits", lambda: func.round(u.balance, 1))
V("func.now", lambda: func.now())
V("func.current.date", lambda: func.current_date())
V("func.random", lambda: func.random())
V("func.replace", lambda: func.replace(u.name, "a", "b"))
V("func.substr", lambda: func.substr(u.name, 1, 2))
V("func.char.length", lambda: func.char_length(u.name))
V("func.unknown", lambda: func.similarity(u.name, "x"))
V("func.package", lambda: func.pkg.thing(u.name))
V("func.nested", lambda: func.lower(func.coalesce(u.email, u.name)))
V("func.expr.arg", lambda: func.abs(u.age - 100))
V("func.arith", lambda: func.abs(u.age) + func.abs(u.id))
W("func.where", lambda: func.lower(u.name) == "bob")
S("func.auto.names", lambda: select(func.count(u.id), func.count(u.name), func.max(u.id)).select_from(users))
S("func.alone", lambda: select(func.abs(-5)))
AGG = "SQLAlchemy 1.4 has no aggregate_strings(); MySQL takes the separator only as a literal, so it is one everywhere"
V("func.strings", lambda: func.string_agg(u.name, ","), AGG, sqlite="group_concat(users.name, ',')", postgresql="string_agg(users.name, ',')", mysql="group_concat(users.name SEPARATOR ',')")
V("func.strings.ordered", lambda: func.string_agg(u.name, ","), AGG, sqlite="group_concat(users.name, ',' ORDER BY users.name DESC)",
  postgresql="string_agg(users.name, ',' ORDER BY users.name DESC)", mysql="group_concat(users.name ORDER BY users.name DESC SEPARATOR ',')")
NO_FILTER = "no FILTER on MySQL: CASE without ELSE leaves out what does not count"
V("filter.count", lambda: func.count(u.id).filter(u.age > 5), NO_FILTER, mysql="count(CASE WHEN users.age > ? THEN users.id END)")
V("filter.star", lambda: func.count().filter(u.age > 5), NO_FILTER, mysql="count(CASE WHEN users.age > ? THEN 1 END)")
V("filter.sum", lambda: func.sum(u.age).filter(u.age > 5, u.id < 9), NO_FILTER, mysql="sum(CASE WHEN users.age > ? AND users.id < ? THEN users.age END)")
V("filter.bool", lambda: func.count(u.id).filter(u.active), NO_FILTER, sqlite="count(users.id) FILTER (WHERE users.active = 1)", mysql="count(CASE WHEN users.active = 1 THEN users.id END)")
V("filter.over", lambda: func.sum(u.age).filter(u.age > 5).over(order_by=u.id), NO_FILTER, mysql="sum(CASE WHEN users.age > ? THEN users.age END) OVER (ORDER BY users.id)")
ORDERED_SET = "only PostgreSQL has ordered-set aggregates (MariaDB as window functions): elsewhere an error"
V("within.percentile", lambda: func.percentile_cont(0.5).within_group(u.age), ORDERED_SET, sqlite=None, mysql=None)
V("within.desc", lambda: func.percentile_disc(0.5).within_group(u.age.desc()), ORDERED_SET, sqlite=None, mysql=None)
V("within.mode", lambda: func.mode().within_group(u.name), ORDERED_SET, sqlite=None, mysql=None)

# ---- windows
V("over.empty", lambda: func.row_number().over())
V("over.order", lambda: func.row_number().over(order_by=u.age))
V("over.order.desc", lambda: func.rank().over(order_by=u.age.desc()))
V("over.orders", lambda: func.dense_rank().over(order_by=[u.age, u.id.desc()]))
V("over.partition", lambda: func.sum(u.age).over(partition_by=u.boss_id))
V("over.partitions", lambda: func.sum(u.age).over(partition_by=[u.boss_id, u.active]))
V("over.both", lambda: func.sum(u.age).over(partition_by=u.boss_id, order_by=u.id))
FRAME = "the bounds of a frame are part of the text: MySQL plans by them, and they are structure"
def bound(n, start): return ("UNBOUNDED PRECEDING" if start else "UNBOUNDED FOLLOWING") if n is None else "CURRENT ROW" if n == 0 else f"{-n} PRECEDING" if n < 0 else f"{n} FOLLOWING"
FRAMES = {"unbounded": (None, None), "running": (None, 0), "back": (-2, 0), "around": (-1, 1), "ahead": (0, 3), "rest": (0, None), "behind": (-3, -1)}
for name, frame in FRAMES.items():
    V(f"over.rows.{name}", lambda fr=frame: func.sum(u.age).over(order_by=u.id, rows=fr), FRAME, **{k: f"sum(users.age) OVER (ORDER BY users.id ROWS BETWEEN {bound(frame[0], 1)} AND {bound(frame[1], 0)})" for k in DIALECTS})
V("over.range", lambda: func.sum(u.age).over(order_by=u.id, range_=(None, 0)))
V("over.range.value", lambda: func.sum(u.age).over(order_by=u.id, range_=(-2, 2)), FRAME, **{k: "sum(users.age) OVER (ORDER BY users.id RANGE BETWEEN 2 PRECEDING AND 2 FOLLOWING)" for k in DIALECTS})
V("over.lag", lambda: func.lag(u.age).over(order_by=u.id))
V("over.lag.offset", lambda: func.lag(u.age, 2).over(order_by=u.id))
V("over.lead", lambda: func.lead(u.age, 1, 0).over(order_by=u.id))
V("over.first", lambda: func.first_value(u.age).over(order_by=u.id))
V("over.ntile", lambda: func.ntile(4).over(order_by=u.id))
V("over.arith", lambda: u.age - func.avg(u.age).over(partition_by=u.boss_id))
V("over.expr", lambda: func.sum(u.age + 1).over(order_by=u.id + 1))
V("over.agg", lambda: func.sum(func.count(u.id)).over(order_by=u.boss_id))
S("over.top", lambda: select(select(u.id, func.row_number().over(partition_by=u.boss_id, order_by=u.age.desc()).label("rn")).subquery("r")).where(column("rn") <= 2),
  "the outer column is that of the subquery", **{k: "SELECT r.id, r.rn FROM (SELECT users.id, row_number() OVER (PARTITION BY users.boss_id ORDER BY users.age DESC) AS rn FROM users) AS r WHERE r.rn <= ?" for k in DIALECTS})

# ---- select
S("select.one", lambda: select(u.id))
S("select.two", lambda: select(u.id, u.name))
S("select.table", lambda: select(tags))
S("select.tables", lambda: select(tags, user_tags).where(t.id == ut.tag_id), "columns of the same name get different labels in every dialect; here there are none")
S("select.star.count", lambda: select(func.count()).select_from(users))
S("select.value", lambda: select(literal(1).label("one")))
S("select.label", lambda: select(u.id.label("key"), (u.age + 1).label("next")))
S("select.label.quoted", lambda: select(u.id.label("Some Label")))
S("select.label.reserved", lambda: select(u.id.label("order")))
S("select.anon.expr", lambda: select(u.age + 1, u.age - 1))
S("select.distinct", lambda: select(u.name).distinct())
S("select.distinct.two", lambda: select(u.name, u.age).distinct().order_by(u.name))
S("select.distinct.on", lambda: select(u.id, u.name).distinct(u.name).order_by(u.name, u.id), "DISTINCT ON is PostgreSQL's; elsewhere SQLAlchemy drops the columns in silence", sqlite=None, mysql=None)
S("select.group", lambda: select(u.boss_id, func.count(u.id).label("n")).group_by(u.boss_id))
S("select.group.two", lambda: select(u.boss_id, u.active, func.count(u.id).label("n")).group_by(u.boss_id, u.active))
S("select.having", lambda: select(u.boss_id, func.count(u.id).label("n")).group_by(u.boss_id).having(func.count(u.id) > 1))
S("select.having.two", lambda: select(u.boss_id).group_by(u.boss_id).having(func.count(u.id) > 1).having(func.max(u.age) < 90))
S("select.group.expr", lambda: select(func.lower(u.name).label("low"), func.count().label("n")).group_by(func.lower(u.name)))
def by_label():
    low = func.lower(u.name).label("low")
    return select(low, func.count().label("n")).group_by(low).order_by(low)
S("select.group.label", by_label, "GROUP BY names a label when no column has that name: with parameters in it the expression would be another one to PostgreSQL", **{k: "SELECT lower(users.name) AS low, count(*) AS n FROM users GROUP BY low ORDER BY low" for k in DIALECTS})
GROUPING = "only PostgreSQL of these has it (MySQL: WITH ROLLUP)"
S("select.rollup", lambda: select(u.boss_id, func.count(u.id).label("n")).group_by(func.rollup(u.boss_id, u.active)), GROUPING, sqlite=None, mysql=None, postgresql="SELECT users.boss_id, count(users.id) AS n FROM users GROUP BY ROLLUP(users.boss_id, users.active)")
S("select.cube", lambda: select(u.boss_id, func.count(u.id).label("n")).group_by(func.cube(u.boss_id, u.active)), GROUPING, sqlite=None, mysql=None, postgresql="SELECT users.boss_id, count(users.id) AS n FROM users GROUP BY CUBE(users.boss_id, users.active)")
S("select.grouping.sets", lambda: select(u.boss_id, func.count(u.id).label("n")).group_by(func.grouping_sets(tuple_(u.boss_id), tuple_(u.active), tuple_())), GROUPING, sqlite=None, mysql=None, postgresql="SELECT users.boss_id, count(users.id) AS n FROM users GROUP BY GROUPING SETS((users.boss_id), (users.active), ())")
S("select.no.from", lambda: select(literal(1).label("a"), literal("x").label("b")))
S("select.prefix", lambda: select(u.id).prefix_with("ALL"))
S("select.prefix.dialect", lambda: select(u.id).prefix_with("SQL_NO_CACHE", dialect="mysql"))
S("select.suffix", lambda: select(u.id).suffix_with("/* done */"))
S("select.hint", lambda: select(u.id).with_hint(users, "USE INDEX (PRIMARY)", "mysql"))
S("select.only", lambda: select(u.id, u.name).with_only_columns(u.age))
S("select.add", lambda: select(u.id).add_columns(u.name))
S("select.filter.by", lambda: select(u.id).filter_by(name="x", age=3))
S("select.filter.by.null", lambda: select(u.id).filter_by(email=None))
S("select.cartesian", lambda: select(u.id, t.id))
S("select.odd", lambda: select(odd))
S("select.odd.where", lambda: select(d.id).where(d["Mixed Case"] > 1, d["per%cent"] == 2, d["col:on"] == 3, d["select"] == "x", d['quo"te'] == 4))
S("select.odd.alias", lambda: select(odd.alias("Group").c["select"]))

# ---- order by, limit
S("order.plain", lambda: select(u.id).order_by(u.name))
S("order.asc", lambda: select(u.id).order_by(u.name.asc()))
S("order.desc", lambda: select(u.id).order_by(u.name.desc()))
S("order.two", lambda: select(u.id).order_by(u.name, u.id.desc()))
S("order.chained", lambda: select(u.id).order_by(u.name).order_by(u.id))
S("order.reset", lambda: select(u.id).order_by(u.name).order_by(None).order_by(u.id))
S("order.expr", lambda: select(u.id).order_by(u.age + u.id))
S("order.func", lambda: select(u.id).order_by(func.lower(u.name).desc()))
NULLS = "MySQL has no NULLS FIRST/LAST: IS NULL as a first criterion says the same"
S("order.nulls.first", lambda: select(u.id).order_by(u.email.nulls_first()), NULLS, mysql="SELECT users.id FROM users ORDER BY users.email IS NULL DESC, users.email")
S("order.nulls.last", lambda: select(u.id).order_by(u.email.nulls_last()), NULLS, mysql="SELECT users.id FROM users ORDER BY users.email IS NULL, users.email")
S("order.desc.nulls.first", lambda: select(u.id).order_by(u.email.desc().nulls_first()), NULLS, mysql="SELECT users.id FROM users ORDER BY users.email IS NULL DESC, users.email DESC")
S("order.desc.nulls.last", lambda: select(u.id).order_by(u.email.desc().nulls_last()), NULLS, mysql="SELECT users.id FROM users ORDER BY users.email IS NULL, users.email DESC")
def order_label():
    n = (u.age + 1).label("n"); return select(u.id, n).order_by(n)
S("order.label", order_label)
def order_label_desc():
    n = (u.age + 1).label("n"); return select(u.id, n).order_by(n.desc())
S("order.label.desc", order_label_desc)
S("order.label.bare", lambda: select(u.id, (u.age + 1).label("n")).order_by(u.age + 1))
S("limit", lambda: select(u.id).order_by(u.id).limit(5))
S("limit.offset", lambda: select(u.id).order_by(u.id).limit(5).offset(2))
S("offset", lambda: select(u.id).order_by(u.id).offset(2))
S("limit.zero", lambda: select(u.id).limit(0))
S("limit.none", lambda: select(u.id).limit(5).limit(None))
S("slice", lambda: select(u.id).order_by(u.id).slice(2, 5))
S("slice.start", lambda: select(u.id).order_by(u.id).slice(0, 5))
FETCH = "FETCH FIRST n ROWS ONLY is LIMIT where the database has no FETCH; WITH TIES is an error there"
S("fetch", lambda: select(u.id).order_by(u.id).fetch(5), FETCH, sqlite="SELECT users.id FROM users ORDER BY users.id LIMIT ?", mysql="SELECT users.id FROM users ORDER BY users.id LIMIT ?")
S("fetch.offset", lambda: select(u.id).order_by(u.id).offset(2).fetch(5), FETCH, sqlite="SELECT users.id FROM users ORDER BY users.id LIMIT ? OFFSET ?", mysql="SELECT users.id FROM users ORDER BY users.id LIMIT ? OFFSET ?")
S("fetch.ties", lambda: select(u.id).order_by(u.age).fetch(5, with_ties=True), FETCH, sqlite=None, mysql=None)

# ---- for update
S("lock", lambda: select(u.id).with_for_update())
S("lock.nowait", lambda: select(u.id).with_for_update(nowait=True))
S("lock.skip", lambda: select(u.id).with_for_update(skip_locked=True))
S("lock.read", lambda: select(u.id).with_for_update(read=True))
S("lock.read.nowait", lambda: select(u.id).with_for_update(read=True, nowait=True), "MySQL's LOCK IN SHARE MODE takes no NOWAIT, MariaDB's does: FOR SHARE on MySQL 8", mysql="SELECT users.id FROM users FOR SHARE NOWAIT")
S("lock.key", lambda: select(u.id).with_for_update(key_share=True))
S("lock.key.read", lambda: select(u.id).with_for_update(key_share=True, read=True))
S("lock.of", lambda: select(u.id).join(orders, o.user_id == u.id).with_for_update(of=users))
S("lock.limit", lambda: select(u.id).order_by(u.id).limit(1).with_for_update(skip_locked=True))

# ---- joins
S("join.fk", lambda: select(u.id, o.id.label("oid")).join(orders))
S("join.on", lambda: select(u.id).join(orders, o.user_id == u.id))
S("join.on.and", lambda: select(u.id).join(orders, and_(o.user_id == u.id, o.qty > 3)))
S("join.left", lambda: select(u.id).outerjoin(orders))
S("join.full", lambda: select(u.id).join(orders, full=True), "MySQL has no FULL JOIN: an error", mysql=None)
S("join.three", lambda: select(u.id, i.sku).select_from(users).join(orders).join(items))
S("join.left.left", lambda: select(u.id, i.sku).select_from(users).outerjoin(orders).outerjoin(items, i.order_id == o.id))
S("join.from", lambda: select(u.id).join_from(users, orders))
S("join.outer.from", lambda: select(u.id).outerjoin_from(users, orders))
S("join.m2m", lambda: select(u.name, t.name.label("tag")).select_from(users).join(user_tags).join(tags))
def self_join():
    boss = users.alias("boss"); return select(u.name, boss.c.name.label("boss")).join(boss, u.boss_id == boss.c.id)
S("join.self", self_join)
def self_join_anon():
    boss = users.alias(); return select(u.name, boss.c.name.label("boss")).outerjoin(boss, u.boss_id == boss.c.id)
S("join.self.anon", self_join_anon)
def two_anon():
    a, b = users.alias(), users.alias(); return select(a.c.id.label("x"), b.c.id.label("y")).join(b, a.c.boss_id == b.c.id)
S("join.two.anon", two_anon)
def join_sub():
    sub = select(o.user_id, func.count(o.id).label("n")).group_by(o.user_id).subquery("counts")
    return select(u.name, sub.c.n).outerjoin(sub, sub.c.user_id == u.id)
S("join.subquery", join_sub)
def join_sub_anon():
    sub = select(o.user_id, func.count(o.id).label("n")).group_by(o.user_id).subquery()
    return select(u.name, sub.c.n).join(sub, sub.c.user_id == u.id)
S("join.subquery.anon", join_sub_anon)
S("join.where", lambda: select(u.id).join(orders).where(o.qty > 3).order_by(o.id))
S("join.true", lambda: select(u.id, t.id.label("tid")).join(tags, true()))
S("join.implicit", lambda: select(u.id, o.id.label("oid")).where(u.id == o.user_id))
S("join.bool.on", lambda: select(u.id).join(orders, u.active))
S("join.dup.names", lambda: select(u.id, o.id).join(orders))
S("join.group", lambda: select(u.name, func.sum(o.qty).label("q")).join(orders).group_by(u.name).having(func.sum(o.qty) > 2).order_by(u.name))
S("alias.select", lambda: (lambda a: select(a.c.id, a.c.name))(users.alias("a")))
S("alias.anon", lambda: (lambda a: select(a.c.id).where(a.c.name == "x"))(users.alias()))
S("alias.quoted", lambda: (lambda a: select(a.c.id))(users.alias("My Alias")))
S("alias.of.alias", lambda: (lambda a: select(a.c.id))(users.alias("a").alias("b")), "an alias of an alias is an alias of the table", **{k: "SELECT b.id FROM users AS b" for k in DIALECTS})

# ---- subqueries
S("sub.from", lambda: (lambda s: select(s.c.id))(select(u.id).where(u.age > 3).subquery("s")))
S("sub.from.anon", lambda: (lambda s: select(s.c.id))(select(u.id).subquery()))
S("sub.nested", lambda: (lambda s: select(s.c.id))((lambda r: select(r.c.id).where(r.c.id > 1))(select(u.id).subquery("r")).subquery("s")))
S("sub.label", lambda: (lambda s: select(s.c.n))(select((u.age + 1).label("n")).subquery("s")))
S("sub.func", lambda: (lambda s: select(list(s.c)[0]))(select(func.count(u.id)).subquery("s")))
S("sub.limit", lambda: (lambda s: select(s.c.id).where(s.c.id > 2))(select(u.id).order_by(u.id).limit(3).subquery("s")))
S("sub.same.anon.twice", lambda: (lambda s: select(s.c.id).where(s.c.id > 1, s.c.id < 9))(select(u.id).subquery()))
S("scalar.select", lambda: select(u.id, select(func.count(o.id)).where(o.user_id == u.id).scalar_subquery().label("n")))
S("scalar.where", lambda: select(u.id).where(u.age > select(func.avg(users.alias("x").c.age)).scalar_subquery()))
S("scalar.arith", lambda: select((select(func.max(o.qty)).scalar_subquery() + 1).label("n")))
S("scalar.uncorrelated", lambda: select(u.id).where(u.id == select(func.max(o.user_id)).scalar_subquery()))
S("scalar.order", lambda: select(u.id).order_by(select(func.count(o.id)).where(o.user_id == u.id).scalar_subquery()))
S("scalar.correlate.only", lambda: select(u.id, select(o.qty).where(o.user_id == u.id).correlate(users).limit(1).scalar_subquery().label("q")).join(orders))
S("scalar.correlate.except", lambda: select(u.id, select(func.count(o.id)).where(o.user_id == u.id).correlate_except(orders).scalar_subquery().label("q")))
S("scalar.deep", lambda: select(u.id).where(exists(select(o.id).where(o.user_id == u.id, exists(select(i.id).where(i.order_id == o.id))))))
W("exists", lambda: exists(select(o.id).where(o.user_id == u.id)))
W("exists.not", lambda: not_(exists(select(o.id).where(o.user_id == u.id))))
W("exists.and", lambda: and_(exists(select(o.id).where(o.user_id == u.id)), u.age > 3))
W("exists.or.not", lambda: or_(exists(select(o.id).where(o.user_id == u.id)), not_(exists(select(ut.tag_id).where(ut.user_id == u.id)))))
V("exists.select", lambda: exists(select(o.id).where(o.user_id == u.id)))
W("any", lambda: u.id == any_(select(o.user_id).scalar_subquery()), "SQLite has no ANY or ALL: an error; x = ANY keeps its sides as written", sqlite=None, postgresql="users.id = ANY (SELECT orders.user_id FROM orders)", mysql="users.id = ANY (SELECT orders.user_id FROM orders)")
W("all", lambda: u.id > all_(select(o.user_id).scalar_subquery()), "as any", sqlite=None, postgresql="users.id > ALL (SELECT orders.user_id FROM orders)", mysql="users.id > ALL (SELECT orders.user_id FROM orders)")
W("any.correlated", lambda: u.age < any_(select(o.qty).where(o.user_id == u.id).scalar_subquery()), "as any", sqlite=None, postgresql="users.age < ANY (SELECT orders.qty FROM orders WHERE orders.user_id = users.id)", mysql="users.age < ANY (SELECT orders.qty FROM orders WHERE orders.user_id = users.id)")
W("tuple.eq", lambda: tuple_(u.id, u.age) == tuple_(1, 2))
W("tuple.gt", lambda: tuple_(u.age, u.id) > tuple_(5, 2))
S("lateral", lambda: (lambda l: select(u.id, l.c.qty).select_from(users).join(l, true()))(select(o.qty).where(o.user_id == u.id).order_by(o.qty.desc()).limit(2).lateral("l")), "SQLite has no LATERAL: an error", sqlite=None)
S("lateral.left", lambda: (lambda l: select(u.id, l.c.qty).select_from(users).outerjoin(l, true()))(select(o.qty).where(o.user_id == u.id).limit(1).lateral("l")), "SQLite has no LATERAL: an error", sqlite=None)

# ---- CTEs
S("cte", lambda: (lambda c: select(c.c.id))(select(u.id).where(u.age > 3).cte("c")))
S("cte.twice", lambda: (lambda c: (lambda b: select(c.c.id, b.c.id.label("other")).where(c.c.id == b.c.id))(c.alias("b")))(select(u.id).cte("c")))
S("cte.join", lambda: (lambda c: select(u.name, c.c.n).join(c, c.c.user_id == u.id))(select(o.user_id, func.count(o.id).label("n")).group_by(o.user_id).cte("c")))
S("cte.two", lambda: (lambda a, b: select(a.c.id, b.c.qty).where(a.c.id == b.c.user_id))(select(u.id).cte("a"), select(o.user_id, o.qty).cte("b")))
S("cte.chain", lambda: (lambda a: (lambda b: select(b.c.id))(select(a.c.id).where(a.c.id < 9).cte("b")))(select(u.id).where(u.id > 1).cte("a")))
S("cte.params.order", lambda: (lambda c: select(c.c.id, literal("x").label("l")).where(c.c.id > 7))(select(u.id).where(u.name == "first").cte("c")))
S("cte.in.subquery", lambda: (lambda c: select(u.id).where(u.id.in_(select(c.c.user_id))))(select(o.user_id).where(o.qty > 2).cte("c")))
def recursive():
    base = select(u.id, u.boss_id).where(u.boss_id == None).cte("chain", recursive=True)
    return select(base.union_all(select(u.id, u.boss_id).join(base, u.boss_id == base.c.id)).c.id)
S("cte.recursive", recursive)
def counting():
    n = select(literal(1).label("n")).cte("nums", recursive=True)
    n = n.union_all(select((n.c.n + 1).label("n")).where(n.c.n < 5)); return select(n.c.n)
S("cte.recursive.numbers", counting, "the expression needs no name in the recursive part: the CTE's columns are named", **{k: "WITH RECURSIVE nums(n) AS (SELECT ? AS n UNION ALL SELECT nums.n + ? AS n FROM nums WHERE nums.n < ?) SELECT nums.n FROM nums" for k in DIALECTS})
def recursive_union():
    base = select(u.id).where(u.id == 1).cte("r", recursive=True)
    return select(base.union(select(u.id).where(u.boss_id == base.c.id)).c.id)
S("cte.recursive.union", recursive_union)
S("cte.union", lambda: (lambda c: select(c.c.id))(select(u.id).union_all(select(o.id)).cte("c")))
NESTING = "a nesting CTE of the statement itself stands at the top, as a plain one"
S("cte.nesting", lambda: (lambda inner: (lambda sub: select(sub.c.id))(select(inner.c.id).subquery("sub")))(select(u.id).cte("inner_cte", nesting=True)))
S("cte.materialized", lambda: (lambda c: select(c.c.id))(select(u.id).cte("c")), "1.4 spells the hint as a prefix; SQLite and PostgreSQL take it, MySQL has none", sqlite="WITH c AS MATERIALIZED (SELECT users.id FROM users) SELECT c.id FROM c", postgresql="WITH c AS MATERIALIZED (SELECT users.id FROM users) SELECT c.id FROM c")
DML_CTE = "only PostgreSQL has DML in WITH: elsewhere an error"
S("cte.delete", lambda: (lambda c: select(c.c.id))(delete(items).where(i.price < 3).returning(i.id).cte("gone")), DML_CTE, sqlite=None, mysql=None)
S("cte.update", lambda: (lambda c: select(c.c.id, c.c.price))(update(items).values(price=5).where(i.id == 1).returning(i.id, i.price).cte("changed")), DML_CTE, sqlite=None, mysql=None)
S("cte.insert", lambda: (lambda c: select(c.c.id))(insert(tags).values(name="cte").returning(t.id).cte("made")), DML_CTE, sqlite=None, mysql=None)
S("cte.add", lambda: select(u.id).add_cte(select(o.id).cte("unused")))

# ---- set operations
for name, f in {"union": union, "union.all": union_all, "intersect": intersect, "except": except_}.items():
    S(f"set.{name}", lambda f=f: f(select(u.id), select(o.user_id)))
ALL_SETS = "SQLite has no INTERSECT ALL and EXCEPT ALL: an error"
S("set.intersect.all", lambda: intersect_all(select(u.id), select(o.user_id)), ALL_SETS, sqlite=None)
S("set.except.all", lambda: except_all(select(u.id), select(o.user_id)), ALL_SETS, sqlite=None)
S("set.three", lambda: union(select(u.id), select(o.id), select(i.id)))
S("set.order", lambda: union(select(u.id), select(o.user_id)).order_by("id"))
S("set.order.desc", lambda: union(select(u.id, u.name), select(t.id, t.name)).order_by(desc("name")))
S("set.limit", lambda: union_all(select(u.id), select(o.id)).order_by("id").limit(3))
S("set.limit.offset", lambda: union_all(select(u.id), select(o.id)).order_by("id").limit(3).offset(1))
MEMBER = "members with LIMIT or ORDER BY are wrapped in SELECT * FROM (…) on SQLite, where parentheses are a syntax error; nested set operations likewise"
lite = lambda *members, op="UNION": f" {op} ".join(members)
S("set.member.limit", lambda: union_all(select(u.id).order_by(u.id).limit(1), select(o.id).order_by(o.id).limit(2)), MEMBER,
  sqlite="SELECT * FROM (SELECT users.id FROM users ORDER BY users.id LIMIT ?) UNION ALL SELECT * FROM (SELECT orders.id FROM orders ORDER BY orders.id LIMIT ?)")
S("set.nested", lambda: except_(union(select(u.id), select(o.id)), select(i.id)), MEMBER,
  sqlite="SELECT * FROM (SELECT users.id FROM users UNION SELECT orders.id FROM orders) EXCEPT SELECT items.id FROM items")
S("set.nested.right", lambda: union(select(u.id), intersect(select(o.id), select(i.id))), MEMBER,
  sqlite="SELECT users.id FROM users UNION SELECT * FROM (SELECT orders.id FROM orders INTERSECT SELECT items.id FROM items)")
S("set.subquery", lambda: (lambda s: select(s.c.id).where(s.c.id > 2))(union(select(u.id), select(o.id)).subquery("both")))
S("set.where", lambda: union(select(u.id).where(u.age > 3), select(o.user_id).where(o.qty > 4)))
S("set.labels", lambda: union(select(u.id.label("k")), select(o.user_id.label("k"))))
W("set.in", lambda: u.id.in_(union(select(o.user_id), select(ut.user_id))))
correlated = lambda: select(o.id).where(o.user_id == u.id).union(select(o.qty).where(o.user_id == u.id))
S("set.scalar.correlated", lambda: select(u.id, correlated().order_by(o.id).limit(1).scalar_subquery().label("n")))
W("set.in.correlated", lambda: u.id.in_(correlated()))
W("set.exists.correlated", lambda: correlated().exists())
S("set.order.labelled", lambda: select(u.id.label("k")).union(select(o.user_id.label("k"))).order_by(u.id), "the result has the label's name, and no other", **{k: "SELECT users.id AS k FROM users UNION SELECT orders.user_id AS k FROM orders ORDER BY k" for k in DIALECTS})
S("set.literal", lambda: union_all(select(literal(1).label("n")), select(literal(2).label("n"))))

# ---- FROM: values, functions, samples
VALUES = "1.4's VALUES cannot name its columns on SQLite and MySQL; ours does, by column1 … and by SELECTs"
def val(name="v"): return values(column("id", Integer), column("label", String), name=name).data([(1, "a"), (2, "b")])
S("values", lambda: select(val()), VALUES, sqlite="SELECT v.id, v.label FROM (SELECT column1 AS id, column2 AS label FROM (VALUES (?, ?), (?, ?))) AS v",
  postgresql="SELECT v.id, v.label FROM (VALUES (?, ?), (?, ?)) AS v (id, label)", mysql="SELECT v.id, v.label FROM (SELECT ? AS id, ? AS label UNION ALL SELECT ?, ?) AS v")
S("values.join", lambda: (lambda v: select(u.name, v.c.label).join(v, v.c.id == u.id))(val()), VALUES,
  sqlite="SELECT users.name, v.label FROM users JOIN (SELECT column1 AS id, column2 AS label FROM (VALUES (?, ?), (?, ?))) AS v ON v.id = users.id",
  postgresql="SELECT users.name, v.label FROM users JOIN (VALUES (?, ?), (?, ?)) AS v (id, label) ON v.id = users.id",
  mysql="SELECT users.name, v.label FROM users INNER JOIN (SELECT ? AS id, ? AS label UNION ALL SELECT ?, ?) AS v ON v.id = users.id")
TF = "table functions are PostgreSQL's and SQLite's; SQLite's name their own columns"
S("tablefunc", lambda: (lambda f: select(f.c.value))(func.generate_series(1, 5).table_valued("value").render_derived(name="g")), TF, sqlite="SELECT g.value FROM generate_series(?, ?) AS g", mysql=None)
S("tablefunc.ordinality", lambda: (lambda f: select(f.c.value, f.c.n))(func.generate_series(4, 6).table_valued("value", with_ordinality="n").alias("g").render_derived()), TF, sqlite=None, mysql=None,
  postgresql="SELECT g.value, g.n FROM generate_series(?, ?) WITH ORDINALITY AS g(value, n)")
S("tablefunc.json", lambda: (lambda f: select(u.id, f.c.key).select_from(users, f))(func.json_each(u.prefs).table_valued("key", "value", name="j")), TF, mysql=None)
S("tablesample", lambda: (lambda s: select(s.c.id))(tablesample(users, func.bernoulli(10), name="s", seed=5)), "TABLESAMPLE is PostgreSQL's: elsewhere an error; method and seed as we spell them", sqlite=None, mysql=None,
  postgresql="SELECT s.id FROM users AS s TABLESAMPLE bernoulli(?) REPEATABLE (?)")

# ---- insert
S("insert", lambda: insert(tags).values(name="x"))
S("insert.two", lambda: insert(tags).values(name="x", uses=3))
S("insert.null", lambda: insert(tags).values(name="x", uses=None))
S("insert.rows", lambda: insert(tags).values([{"name": "a", "uses": 1}, {"name": "b", "uses": 2}]))
S("insert.expr", lambda: insert(tags).values(name=func.lower("X"), uses=literal(1) + 2))
S("insert.scalar", lambda: insert(tags).values(name="x", uses=select(func.max(o.qty)).scalar_subquery()))
S("insert.defaults", lambda: insert(tags), "SQLAlchemy compiles for all columns here and reaches DEFAULT VALUES at execution", sqlite="INSERT INTO tags DEFAULT VALUES", postgresql="INSERT INTO tags DEFAULT VALUES", mysql="INSERT INTO tags () VALUES ()")
S("insert.select", lambda: insert(tags).from_select(["name", "uses"], select(u.name, u.age).where(u.age > 3)))
S("insert.select.union", lambda: insert(tags).from_select(["name"], union(select(u.name), select(o.status))))
S("insert.select.cte", lambda: (lambda c: insert(tags).from_select(["name"], select(c.c.name)))(select(u.name).cte("c")))
S("insert.odd", lambda: insert(odd).values({"select": "x", "Mixed Case": 1, "per%cent": 2, "col:on": 3}))
S("insert.returning", lambda: insert(tags).values(name="x").returning(t.id, t.name), RETURNING_14, sqlite="INSERT INTO tags (name) VALUES (?) RETURNING id, name", mysql=None)
S("insert.returning.expr", lambda: insert(tags).values(name="x", uses=1).returning((t.uses + 1).label("n")), RETURNING_14, sqlite="INSERT INTO tags (name, uses) VALUES (?, ?) RETURNING tags.uses + ? AS n", mysql=None)
S("insert.returning.table", lambda: insert(tags).values(name="x").returning(tags), RETURNING_14, sqlite="INSERT INTO tags (name) VALUES (?) RETURNING id, name, uses", mysql=None)

# ---- upsert
ONE = "one spelling for all: on MySQL the same statement is ON DUPLICATE KEY UPDATE, where any unique key counts"
ins = {"sqlite": lite_insert, "postgresql": pg_insert}
S("upsert.nothing", lambda d: ins[d](tags).values(name="x").on_conflict_do_nothing(), ONE, mysql="INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.nothing.target", lambda d: ins[d](tags).values(name="x").on_conflict_do_nothing(index_elements=["name"]), ONE, mysql="INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.update", lambda d: ins[d](tags).values(name="x").on_conflict_do_update(index_elements=["name"], set_={"uses": 1}), ONE, mysql="INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE uses = ?")
def up_excluded(d):
    s = ins[d](tags).values(name="x", uses=2); return s.on_conflict_do_update(index_elements=["name"], set_={"uses": s.excluded.uses})
S("upsert.excluded", up_excluded, ONE, mysql="INSERT INTO tags (name, uses) VALUES (?, ?) AS excluded ON DUPLICATE KEY UPDATE uses = excluded.uses")
def up_add(d):
    s = ins[d](tags).values(name="x", uses=2); return s.on_conflict_do_update(index_elements=["name"], set_={"uses": t.uses + s.excluded.uses})
S("upsert.add", up_add, ONE, mysql="INSERT INTO tags (name, uses) VALUES (?, ?) AS excluded ON DUPLICATE KEY UPDATE uses = tags.uses + excluded.uses")
S("upsert.where", lambda d: ins[d](tags).values(name="x").on_conflict_do_update(index_elements=["name"], set_={"uses": 1}, where=t.uses < 5), "MySQL's has no WHERE: an error", mysql=None)
S("upsert.partial", lambda d: ins[d](tags).values(name="x").on_conflict_do_nothing(index_elements=["name"], index_where=t.uses > 5), "MySQL has no partial indexes: the target is left out as a whole; values in the index's condition are written out, or PostgreSQL could not match the index (2.x likewise)", postgresql="INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) WHERE uses > 5 DO NOTHING", mysql="INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.constraint", lambda d: pg_insert(tags).values(name="x").on_conflict_do_nothing(constraint="tags_name_key"), "a constraint by name is PostgreSQL's; MySQL leaves every target out", sqlite=None, mysql="INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.rows", lambda d: ins[d](tags).values([{"name": "a"}, {"name": "b"}]).on_conflict_do_nothing(), ONE, mysql="INSERT INTO tags (name) VALUES (?), (?) ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.select", lambda d: ins[d](tags).from_select(["name"], select(u.name)).on_conflict_do_nothing(), "SQLite reads the ON as a join's without a WHERE before it (its manual, UPSERT: parsing ambiguity)", sqlite="INSERT INTO tags (name) SELECT users.name FROM users WHERE 1 = 1 ON CONFLICT DO NOTHING", mysql="INSERT INTO tags (name) SELECT users.name FROM users ON DUPLICATE KEY UPDATE id = tags.id")
S("upsert.returning", lambda d: ins[d](tags).values(name="x").on_conflict_do_update(index_elements=["name"], set_={"uses": 1}).returning(t.id), RETURNING_14, sqlite="INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET uses = ? RETURNING id", mysql=None)
S("upsert.mysql", lambda d: my_insert(tags).values(name="x").on_duplicate_key_update(uses=1), "MySQL's own spelling is MySQL's alone", sqlite=None, postgresql=None)

# ---- update
S("update", lambda: update(tags).values(uses=1))
S("update.where", lambda: update(tags).values(uses=1).where(t.id == 2))
S("update.two", lambda: update(tags).values(name="x", uses=1).where(t.id == 2, t.uses > 3))
S("update.expr", lambda: update(tags).values(uses=t.uses + 1))
S("update.null", lambda: update(tags).values(uses=None))
S("update.func", lambda: update(tags).values(name=func.upper(t.name)))
S("update.case", lambda: update(tags).values(uses=case((t.uses > 3, 0), else_=t.uses)))
S("update.scalar", lambda: update(tags).values(uses=select(func.count(ut.user_id)).where(ut.tag_id == t.id).scalar_subquery()))
S("update.in.select", lambda: update(tags).values(uses=0).where(t.id.in_(select(ut.tag_id))))
S("update.exists", lambda: update(tags).values(uses=0).where(exists(select(ut.tag_id).where(ut.tag_id == t.id))))
S("update.from", lambda: update(orders).values(status="x").where(o.user_id == u.id, u.name == "bob"), "SQLite has UPDATE … FROM since 3.33; 1.4 does not know", sqlite="UPDATE orders SET status = ? FROM users WHERE orders.user_id = users.id AND users.name = ?")
S("update.from.value", lambda: update(orders).values(status=u.name).where(o.user_id == u.id), "as update.from", sqlite="UPDATE orders SET status = users.name FROM users WHERE orders.user_id = users.id")
S("update.from.two", lambda: update(items).values(price=0).where(i.order_id == o.id, o.user_id == u.id), "as update.from", sqlite="UPDATE items SET price = ? FROM orders, users WHERE items.order_id = orders.id AND orders.user_id = users.id")
S("update.returning", lambda: update(tags).values(uses=1).where(t.id == 1).returning(t.id, t.uses), RETURNING_14, sqlite="UPDATE tags SET uses = ? WHERE tags.id = ? RETURNING id, uses", mysql=None)
S("update.cte", lambda: (lambda c: update(tags).values(uses=0).where(t.id.in_(select(c.c.tag_id))))(select(ut.tag_id).cte("c")))
S("update.odd", lambda: update(odd).values({"select": "y", "Mixed Case": 3}).where(d["per%cent"] == 1))
LIMITED = "ORDER BY and LIMIT in UPDATE and DELETE are MySQL's alone (1.4: a suffix); elsewhere an error"
S("update.limit", lambda: update(tags).values(uses=0), LIMITED, sqlite=None, postgresql=None, mysql="UPDATE tags SET uses = ? WHERE tags.uses > ? ORDER BY tags.id DESC LIMIT ?")
S("delete.limit", lambda: delete(items), LIMITED, sqlite=None, postgresql=None, mysql="DELETE FROM items ORDER BY items.id LIMIT ?")
S("update.bool", lambda: update(users).values(active=True).where(u.active), "as bool.col.eq.true", sqlite="UPDATE users SET active = ? WHERE users.active = 1")

# ---- delete
S("delete", lambda: delete(tags))
S("delete.where", lambda: delete(tags).where(t.id == 1))
S("delete.two", lambda: delete(tags).where(t.id > 1).where(t.uses < 3))
S("delete.in", lambda: delete(tags).where(t.id.in_([1, 2])))
S("delete.in.select", lambda: delete(tags).where(t.id.in_(select(ut.tag_id))))
S("delete.exists", lambda: delete(tags).where(not_(exists(select(ut.tag_id).where(ut.tag_id == t.id)))))
S("delete.using", lambda: delete(orders).where(o.user_id == u.id, u.name == "bob"), "SQLite has no DELETE from several tables: an error that says so", sqlite=None)
S("delete.returning", lambda: delete(tags).where(t.id == 1).returning(t.id), RETURNING_14, sqlite="DELETE FROM tags WHERE tags.id = ? RETURNING id", mysql=None)
S("delete.cte", lambda: (lambda c: delete(tags).where(t.id.in_(select(c.c.tag_id))))(select(ut.tag_id).cte("c")))

# ---- added with 2.x's constructs
V("try.int", lambda: cast(u.name, Integer), "TRY_CAST is SQL Server's; elsewhere a CASE that asks first whether the cast succeeds, so that all give NULL",
  sqlite="CASE WHEN CASE WHEN CAST(users.name AS VARCHAR) REGEXP '^[ ]*[+-]?[0-9]{1,18}[ ]*$' THEN CAST(users.name AS BIGINT) BETWEEN -2147483648 AND 2147483647 END THEN CAST(users.name AS INTEGER) END",
  postgresql="CASE WHEN CASE WHEN CAST(users.name AS VARCHAR) ~ '^[ ]*[+-]?[0-9]{1,18}[ ]*$' THEN CAST(users.name AS BIGINT) BETWEEN -2147483648 AND 2147483647 END THEN CAST(users.name AS INTEGER) END",
  mysql="CASE WHEN CASE WHEN CAST(users.name AS CHAR) REGEXP '^[ ]*[+-]?[0-9]{1,18}[ ]*$' THEN CAST(users.name AS SIGNED) BETWEEN -2147483648 AND 2147483647 END THEN CAST(users.name AS SIGNED) END")
V("try.text", lambda: cast(u.age, Text))
for name, how in {"istarts": "{0} LIKE {1}", "iends": "{0} LIKE {1}", "icontains": "{0} LIKE {1}"}.items():
    W(f"affix.{name}", lambda: u.name.ilike("b%"), AFFIX)
    W(f"affix.{name}.not", lambda: u.name.not_ilike("b%"), AFFIX)
W("affix.icontains.autoescape", lambda: u.name.ilike("b/%", escape="/"), AFFIX)
NO_GROUPS = "SQLAlchemy 1.4 knows neither GROUPS nor EXCLUDE (2.1 does, as here); MySQL has none: an error"
V("over.groups", lambda: func.sum(u.age), NO_GROUPS, mysql=None, **{k: "sum(users.age) OVER (ORDER BY users.age % ? GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW)" for k in ("sqlite", "postgresql")})
for name, words in {"current": "CURRENT ROW", "group": "GROUP", "ties": "TIES", "others": "NO OTHERS"}.items():
    V(f"over.exclude.{name}", lambda: func.sum(u.age), NO_GROUPS, mysql=None, **{k: f"sum(users.age) OVER (ORDER BY users.boss_id, users.id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE {words})" for k in ("sqlite", "postgresql")})
DATES = "dates move by intervals: native on PostgreSQL, whole microseconds elsewhere, which SQLAlchemy leaves to the user"
def moved(name, sign):
    V(name, lambda: u.created, DATES, sqlite=f"STRFTIME('%Y-%m-%d %H:%M:%f', users.created, ({'-' if sign == '-' else ''}? / 1000000.0) || ' seconds')",
      postgresql=f"users.created {sign} ?", mysql=f"CAST(users.created {sign} INTERVAL ? MICROSECOND AS DATETIME(6))")
moved("date.add", "+"); moved("date.sub", "-")
V("date.add.day", lambda: u.birthday, DATES, sqlite="DATE(users.birthday, (? / 1000000.0) || ' seconds')", postgresql="CAST(users.birthday + ? AS DATE)", mysql="CAST(users.birthday + INTERVAL ? MICROSECOND AS DATE)")
V("date.diff", lambda: u.created, DATES,
  sqlite="(CAST(STRFTIME('%s', users.created) AS INTEGER) * 1000000 + CAST(SUBSTR(STRFTIME('%f', users.created), 4) AS INTEGER) * 1000) - (CAST(STRFTIME('%s', ?) AS INTEGER) * 1000000 + CAST(SUBSTR(STRFTIME('%f', ?), 4) AS INTEGER) * 1000)",
  postgresql="users.created - ?", mysql="TIMESTAMPDIFF(MICROSECOND, ?, users.created)")
W("date.add.where", lambda: u.created, DATES, sqlite="STRFTIME('%Y-%m-%d %H:%M:%f', users.created, (? / 1000000.0) || ' seconds') > ?", postgresql="users.created + ? > ?", mysql="CAST(users.created + INTERVAL ? MICROSECOND AS DATETIME(6)) > ?")
S("label.style.table", lambda: select(u.id, o.id, o.user_id).where(o.user_id == u.id).set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL))
S("label.style.none", lambda: select(u.id, o.id).where(o.user_id == u.id).set_label_style(LABEL_STYLE_NONE))
S("label.style.default", lambda: select(u.id, o.id).where(o.user_id == u.id).set_label_style(LABEL_STYLE_DISAMBIGUATE_ONLY))
S("label.style.alias", lambda: (lambda b: select(u.id, b.c.name).where(b.c.id == u.boss_id).set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL))(users.alias("boss")))
S("select.filter.by.joined", lambda: select(u.id).join(orders).filter_by(status="x", name="ann"), "2.1 looks through everything the statement reads from", **{k: f"SELECT users.id FROM users {'INNER ' if k == 'mysql' else ''}JOIN orders ON users.id = orders.user_id WHERE orders.status = ? AND users.name = ?" for k in DIALECTS})
INHERIT = "tables that inherit are PostgreSQL's: elsewhere an error"
S("from.only", lambda: select(t.id).with_hint(tags, "ONLY", "postgresql"), INHERIT, sqlite=None, mysql=None)
S("from.only.alias", lambda: (lambda a: select(a.c.id).with_hint(a, "ONLY", "postgresql"))(tags.alias("a")), INHERIT, sqlite=None, mysql=None)
S("update.only", lambda: update(tags).values(uses=1).with_hint("ONLY", dialect_name="postgresql"), INHERIT, sqlite=None, mysql=None)
S("delete.only", lambda: delete(tags).with_hint("ONLY", dialect_name="postgresql"), INHERIT, sqlite=None, mysql=None)
S("select.statement.hint", lambda: select(u.id).prefix_with("/*+ NO_RANGE_OPTIMIZATION(users) */", dialect="mysql"))
def recursive_alias():
    r = select(u.id, u.boss_id).where(u.boss_id == None).cte("r", recursive=True)
    up = r.alias("up"); below = users.alias("below")
    r = r.union_all(select(below.c.id, below.c.boss_id).where(below.c.boss_id == up.c.id))
    return select(r.c.id)
S("cte.recursive.alias", recursive_alias)
def twice():
    r = select(u.id).cte("r"); a, b = r.alias("a"), r.alias("b")
    return select(a.c.id, b.c.id.label("other")).where(a.c.id == b.c.id)
S("cte.two.aliases", twice)
S("cte.suffix", lambda: select(u.id).cte("r"), "SEARCH is PostgreSQL's; text of the statement's own, so it goes everywhere it is sent; here with a comment", **{k: "WITH c AS (SELECT users.id FROM users) /* kept */ SELECT c.id FROM c" for k in DIALECTS})
S("insert.prefix", lambda: insert(tags).prefix_with("OR IGNORE", dialect="sqlite").prefix_with("IGNORE", dialect="mysql").values(name="x"))
S("insert.tuples", lambda: insert(tags).values([{"name": "p", "uses": 1}, {"name": "q", "uses": 2}]))
S("insert.inline", lambda: insert(tags).values(name="x").inline())
DML_COLUMN = "2.1's from_dml_column(): the value itself, written again"
S("update.dml.column", lambda: update(tags), DML_COLUMN + "; MySQL assigns from left to right, so the column has it already", **{k: f"UPDATE tags SET uses=tags.id + ?, name=CASE WHEN {'tags.uses' if k == 'mysql' else '(tags.id + ?)'} > ? THEN ? ELSE tags.name END" for k in DIALECTS})
S("update.dml.column.other", lambda: update(tags), DML_COLUMN + "; a column the statement does not set is read", **{k: "UPDATE tags SET uses=length(tags.name)" if k != "mysql" else "UPDATE tags SET uses=char_length(tags.name)" for k in DIALECTS})
S("update.ordered", lambda: update(tags).ordered_values((t.uses, t.id), (t.name, "z")).where(t.id == 1))
S("update.prefix", lambda: update(tags).prefix_with("LOW_PRIORITY", dialect="mysql").values(uses=1).where(t.id == 1))
S("delete.prefix", lambda: delete(tags).prefix_with("QUICK", dialect="mysql").where(t.id == 1))
COMPOSITE = "rows, fields and arrays as values are PostgreSQL's: elsewhere an error"
S("row.of", lambda: select(func.row_to_json(tags.table_valued()).label("r")), COMPOSITE, sqlite=None, mysql=None)
S("array.literal", lambda: select(postgresql.array([1, 2, 3]).label("v")), COMPOSITE, sqlite=None, mysql=None)
S("array.query", lambda: select(func.array(select(t.id).order_by(t.id).scalar_subquery()).label("v")), COMPOSITE + "; ARRAY(SELECT …) in one pair of parentheses", sqlite=None, mysql=None, postgresql="SELECT ARRAY(SELECT tags.id FROM tags ORDER BY tags.id) AS v")
S("array.any", lambda: select(u.id).where(u.id == any_(postgresql.array([1, 4]))), COMPOSITE, sqlite=None, mysql=None)
S("array.agg", lambda: select(func.array_agg(aggregate_order_by(t.id, t.id.desc())).label("v")), COMPOSITE + "; SQLAlchemy leaves the refusal to the server", sqlite="SELECT array_agg(tags.id ORDER BY tags.id DESC) AS v FROM tags", mysql="SELECT array_agg(tags.id ORDER BY tags.id DESC) AS v FROM tags")
S("column.valued", lambda: select(func.generate_series(1, 3).column_valued("n")), "SQLite's table functions name the column of their values; MySQL has none", sqlite="SELECT n.value AS n FROM generate_series(?, ?) AS n", mysql=None)
S("tablefunc.typed", lambda: (lambda f: select(f.c.a, f.c.b))(func.json_to_recordset('[{"a": 1, "b": "x"}]').table_valued(column("a", Integer), column("b", Text)).render_derived(name="r", with_types=True)),
  "SQLite's table functions name their own columns; MySQL has none", sqlite="SELECT r.a, r.b FROM json_to_recordset(?) AS r", mysql=None)
FULL_TEXT = "full-text functions of PostgreSQL; unknown functions go to the server as they are called"
W("fts.matches", lambda: func.to_tsvector("english", u.name).op("@@")(func.to_tsquery("english", "ann")), FULL_TEXT,
  postgresql="to_tsvector(CAST(? AS REGCONFIG), users.name) @@ plainto_tsquery(CAST(? AS REGCONFIG), ?)", sqlite=None, mysql=None)

# ---- JSON
J = LITERAL_PATH
V("json.key", lambda: u.prefs["theme"], J, sqlite="(users.prefs -> '$.\"theme\"')", postgresql="(users.prefs -> 'theme')", mysql="JSON_EXTRACT(users.prefs, '$.\"theme\"')")
V("json.index", lambda: u.prefs[0], J, sqlite="(users.prefs -> '$[0]')", postgresql="(users.prefs -> 0)", mysql="JSON_EXTRACT(users.prefs, '$[0]')")
V("json.path", lambda: u.prefs[("a", 1, "b")], J, sqlite="(users.prefs -> '$.\"a\"[1].\"b\"')", postgresql="(users.prefs #> ARRAY['a', '1', 'b'])", mysql="JSON_EXTRACT(users.prefs, '$.\"a\"[1].\"b\"')")
V("json.text", lambda: u.prefs["theme"].as_string(), J, sqlite="JSON_EXTRACT(users.prefs, '$.\"theme\"')", postgresql="(users.prefs ->> 'theme')", mysql="JSON_UNQUOTE(JSON_EXTRACT(users.prefs, '$.\"theme\"'))")
V("json.number", lambda: u.prefs["size"].as_float(), J, sqlite="CAST(JSON_EXTRACT(users.prefs, '$.\"size\"') AS REAL)", postgresql="CAST((users.prefs ->> 'size') AS DOUBLE PRECISION)", mysql="(JSON_UNQUOTE(JSON_EXTRACT(users.prefs, '$.\"size\"')) + 0.0e0)")
V("json.bool", lambda: u.prefs["on"].as_boolean(), J, sqlite="JSON_EXTRACT(users.prefs, '$.\"on\"')", postgresql="CAST((users.prefs ->> 'on') AS BOOLEAN)", mysql="JSON_EXTRACT(users.prefs, '$.\"on\"') = true")
W("json.where", lambda: u.prefs["theme"].as_string() == "dark", J, sqlite="JSON_EXTRACT(users.prefs, '$.\"theme\"') = ?", postgresql="(users.prefs ->> 'theme') = ?", mysql="JSON_UNQUOTE(JSON_EXTRACT(users.prefs, '$.\"theme\"')) = ?")
V("json.hostile", lambda: u.prefs["it's \"q\""].as_string(), J + "; quotes in it are escaped for JSON and for SQL, on MySQL whether backslashes escape or not", sqlite="JSON_EXTRACT(users.prefs, '$.\"it''s \\\"q\\\"\"')", postgresql="(users.prefs ->> 'it''s \"q\"')", mysql="JSON_UNQUOTE(JSON_EXTRACT(users.prefs, replace('$.\"it''s \\\\\"q\\\\\"\"', '\\\\', left('\\\\', 1))))")

# ---- text
S("text", lambda: text("select 1"))
S("text.bind", lambda: text("select id from users where name = :name").bindparams(name="bob"))
S("text.colon", lambda: text(r"select '\:x' as x"), "a colon in a string needs no escape", **{k: "select '\\:x' as x" for k in DIALECTS})
W("text.where", lambda: text("users.age > 3"), "raw SQL as a criterion stands in parentheses: it may hold OR", **{k: "(users.age > 3)" for k in DIALECTS})

EXTRA = os.environ.get("ONLY")
out, problems = [], []
for id, (make, why, texts) in CASES.items():
    entry = {"id": id}
    for name, dialect in DIALECTS.items():
        if name in texts:
            entry[name] = texts[name]; continue
        try:
            stmt = make(name) if make.__code__.co_argcount == 1 and make.__code__.co_varnames[:1] == ("d",) else make()
            sql = str(stmt.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        except Exception as error:
            problems.append(f"{id} [{name}]: {type(error).__name__}: {str(error)[:150]}"); continue
        # SQLAlchemy fetches the new key of a single row by itself; Athanor's ORM asks for it, core does not.
        if isinstance(stmt, Insert) and not stmt._returning: sql = re.sub(r"\s+RETURNING \S+$", "", sql)
        entry[name] = conventional(re.sub(r"\s+", " ", sql).strip(), name)
    if why and texts: entry["why"] = why
    out.append(entry)
print(f"{len(out)} statements, SQLAlchemy {__version__}")
for p in problems: print("PROBLEM", p)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus.json"), "w") as file:
    json.dump({"generator": f"SQLAlchemy {__version__}", "conventions": {r[0]: r[4] for r in CONVENTIONS if r[1]}, "statements": out}, file, indent=1, ensure_ascii=False)
    file.write("\n")
sys.exit(1 if problems else 0)
