/** Which names a piece of template stores, and which it mentions: what the compiler needs to place its variables. */
import type { CallArgs, Expr, Stmt, Target } from "./nodes.js";

export function targetNames(target: Target, into: Set<string> = new Set()): Set<string> {
  if (target.kind === "name") into.add(target.name);
  else if (target.kind === "tuple") for (const item of target.items) targetNames(item, into);
  return into;
}

/** Names that statements store in their own scope; branches of `if` belong to it, bodies with a scope of their own do not. */
export function storedNames(body: readonly Stmt[], into: Set<string> = new Set()): Set<string> {
  for (const stmt of body) {
    switch (stmt.kind) {
      case "set":
      case "setblock":
        targetNames(stmt.target, into);
        break;
      case "macro":
      case "import":
        into.add(stmt.name);
        break;
      case "from":
        for (const [, alias] of stmt.names) into.add(alias);
        break;
      case "if":
        for (const [, branch] of stmt.branches) storedNames(branch, into);
        storedNames(stmt.otherwise, into);
        break;
      default:
    }
  }
  return into;
}

function inCall(call: CallArgs, names: Set<string>): void {
  for (const arg of call.args) inExpr(arg, names);
  for (const [, value] of call.kwargs) inExpr(value, names);
  inExpr(call.dynArgs, names);
  inExpr(call.dynKwargs, names);
}

function inExpr(expr: Expr | undefined, names: Set<string>): void {
  if (expr === undefined) return;
  switch (expr.kind) {
    case "const":
      return;
    case "name":
      names.add(expr.name);
      return;
    case "list":
    case "tuple":
    case "concat":
      for (const item of expr.items) inExpr(item, names);
      return;
    case "dict":
      for (const [key, value] of expr.items) {
        inExpr(key, names);
        inExpr(value, names);
      }
      return;
    case "attr":
      inExpr(expr.target, names);
      return;
    case "item":
      inExpr(expr.target, names);
      inExpr(expr.key, names);
      return;
    case "slice":
      inExpr(expr.start, names);
      inExpr(expr.stop, names);
      inExpr(expr.step, names);
      return;
    case "call":
    case "filter":
    case "test":
      inExpr(expr.target, names);
      inCall(expr.call, names);
      return;
    case "cond":
      inExpr(expr.test, names);
      inExpr(expr.then, names);
      inExpr(expr.otherwise, names);
      return;
    case "and":
    case "or":
    case "binary":
      inExpr(expr.left, names);
      inExpr(expr.right, names);
      return;
    case "not":
    case "neg":
    case "pos":
      inExpr(expr.operand, names);
      return;
    case "compare":
      inExpr(expr.first, names);
      for (const [, value] of expr.rest) inExpr(value, names);
  }
}

/**
 * Every name mentioned anywhere inside. A template that hands its variables on (include, import with context, scoped
 * block) mentions them all, which shows as `*`.
 */
export function mentionedNames(body: readonly Stmt[], names: Set<string> = new Set()): Set<string> {
  for (const stmt of body) {
    switch (stmt.kind) {
      case "output":
      case "do":
        inExpr(stmt.expr, names);
        break;
      case "for":
        inExpr(stmt.iter, names);
        inExpr(stmt.test, names);
        mentionedNames(stmt.body, names);
        mentionedNames(stmt.otherwise, names);
        break;
      case "if":
        for (const [test, branch] of stmt.branches) {
          inExpr(test, names);
          mentionedNames(branch, names);
        }
        mentionedNames(stmt.otherwise, names);
        break;
      case "set":
        inExpr(stmt.value, names);
        if (stmt.target.kind === "nsref") names.add(stmt.target.name);
        break;
      case "setblock":
        inExpr(stmt.filter, names);
        mentionedNames(stmt.body, names);
        break;
      case "with":
        for (const value of stmt.values) inExpr(value, names);
        mentionedNames(stmt.body, names);
        break;
      case "macro":
      case "callblock":
        for (const value of stmt.signature.defaults) inExpr(value, names);
        if (stmt.kind === "callblock") inExpr(stmt.call, names);
        mentionedNames(stmt.body, names);
        break;
      case "filterblock":
        inExpr(stmt.filter, names);
        mentionedNames(stmt.body, names);
        break;
      case "autoescape":
        inExpr(stmt.value, names);
        mentionedNames(stmt.body, names);
        break;
      case "block":
        if (stmt.scoped) names.add("*");
        break;
      case "extends":
        inExpr(stmt.template, names);
        break;
      case "include":
      case "import":
      case "from":
        inExpr(stmt.template, names);
        if (stmt.withContext) names.add("*");
        break;
      default:
    }
  }
  return names;
}
