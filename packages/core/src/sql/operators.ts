/** Operators as data: text, precedence, negation. Source: SQL:2016 operator precedence as SQLAlchemy groups it. */

export interface Operator {
  readonly name: string;
  /** Default spelling; a compiler may override by name. */
  readonly sql: string;
  readonly precedence: number;
  /** `a op (b op c)` needs no parentheses. */
  readonly associative: boolean;
  /** The operator that says the opposite. */
  readonly negated: string | undefined;
  readonly comparison: boolean;
  readonly id: number;
}

const table = new Map<string, Operator>();
function define(name: string, sql: string, precedence: number, more: Partial<Operator> = {}): Operator {
  const op: Operator = {
    name,
    sql,
    precedence,
    associative: more.associative ?? false,
    negated: more.negated,
    comparison: more.comparison ?? false,
    id: table.size + 1,
  };
  table.set(name, op);
  return op;
}

const comparison = (name: string, sql: string, negated: string) => define(name, sql, 5, { negated, comparison: true });

export const eq = comparison("eq", "=", "ne");
export const ne = comparison("ne", "!=", "eq");
export const lt = comparison("lt", "<", "ge");
export const le = comparison("le", "<=", "gt");
export const gt = comparison("gt", ">", "le");
export const ge = comparison("ge", ">=", "lt");
export const is = comparison("is", "IS", "isNot");
export const isNot = comparison("isNot", "IS NOT", "is");
export const isDistinctFrom = comparison("isDistinctFrom", "IS DISTINCT FROM", "isNotDistinctFrom");
export const isNotDistinctFrom = comparison("isNotDistinctFrom", "IS NOT DISTINCT FROM", "isDistinctFrom");
export const like = comparison("like", "LIKE", "notLike");
export const notLike = comparison("notLike", "NOT LIKE", "like");
export const ilike = comparison("ilike", "ILIKE", "notIlike");
export const notIlike = comparison("notIlike", "NOT ILIKE", "ilike");
export const regexpMatch = comparison("regexpMatch", "~", "notRegexpMatch");
export const notRegexpMatch = comparison("notRegexpMatch", "!~", "regexpMatch");
export const regexpMatchIgnoringCase = comparison("regexpMatchIgnoringCase", "~*", "notRegexpMatchIgnoringCase");
export const notRegexpMatchIgnoringCase = comparison("notRegexpMatchIgnoringCase", "!~*", "regexpMatchIgnoringCase");
export const match = comparison("match", "MATCH", "notMatch");
export const notMatch = comparison("notMatch", "NOT MATCH", "match");
export const inOp = comparison("in", "IN", "notIn");
export const notIn = comparison("notIn", "NOT IN", "in");
export const between = comparison("between", "BETWEEN", "notBetween");
export const notBetween = comparison("notBetween", "NOT BETWEEN", "between");
export const add = define("add", "+", 7, { associative: true });
export const sub = define("sub", "-", 7);
export const mul = define("mul", "*", 8, { associative: true });
export const div = define("div", "/", 8);
export const floorDiv = define("floorDiv", "/", 8);
export const mod = define("mod", "%", 8);
/** A point in time moved by an interval, and the interval between two: databases write them in ways of their own. */
export const dateAdd = define("dateAdd", "+", 7);
export const dateSub = define("dateSub", "-", 7);
export const dateDiff = define("dateDiff", "-", 7);
export const neg = define("neg", "-", 8);
export const concat = define("concat", "||", 6, { associative: true });
export const bitAnd = define("bitAnd", "&", 7, { associative: true });
export const bitOr = define("bitOr", "|", 7, { associative: true });
export const bitXor = define("bitXor", "#", 7, { associative: true });
export const bitNot = define("bitNot", "~", 8);
export const shiftLeft = define("shiftLeft", "<<", 7);
export const shiftRight = define("shiftRight", ">>", 7);
export const and = define("and", "AND", 3, { associative: true });
export const or = define("or", "OR", 2, { associative: true });
export const not = define("not", "NOT", 4);
export const collate = define("collate", "COLLATE", 4);
export const arrayContains = comparison("arrayContains", "@>", "");
export const arrayOverlaps = comparison("arrayOverlaps", "&&", "");

/** The operator with this name; one of the fixed list. */
export function operator(name: string): Operator {
  return table.get(name) as Operator;
}
/** Operators made of words that `op()` takes; any words would be a way for a text to become SQL. */
export const WORDS: ReadonlySet<string> = new Set([
  "SOUNDS LIKE",
  "SIMILAR TO",
  "NOT SIMILAR TO",
  "GLOB",
  "NOT GLOB",
  "RLIKE",
  "NOT RLIKE",
  "REGEXP",
  "NOT REGEXP",
  "OVERLAPS",
  "MEMBER OF",
  "AT TIME ZONE",
  "DIV",
  "MOD",
  "XOR",
  "MATCH",
]);
/** Symbols only, and no beginning of a comment, a string or a parameter. */
export function isSymbol(sql: string): boolean {
  return /^[-+*/<>=~!@#%^&|]+$/.test(sql) && !/--|\/\*/.test(sql);
}
const custom = new Map<string, Operator>();
/** An operator of the user's: `op("@@", { precedence: 5, comparison: true })`. */
export function customOperator(sql: string, precedence = 0, isComparison = false): Operator {
  const key = `${precedence}|${isComparison}|${sql}`;
  let found = custom.get(key);
  if (found === undefined) {
    found = define(`custom:${key}`, sql, precedence, { comparison: isComparison });
    custom.set(key, found);
  }
  return found;
}
/** What binds nothing: the outermost place. */
export const OUTERMOST: Operator = define("outermost", "", -100);
/** Comma-separated places: arguments, select lists. */
export const COMMA: Operator = define("comma", ",", -1);
