/** The syntax tree of a template. Plain data: the parser makes it, the compiler reads it. */

export interface Pos {
  readonly line: number;
}

export interface CallArgs {
  readonly args: readonly Expr[];
  readonly kwargs: readonly (readonly [string, Expr])[];
  readonly dynArgs: Expr | undefined;
  readonly dynKwargs: Expr | undefined;
}

export type BinaryOp = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOp = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "notin";

export type Expr = Pos &
  (
    | { readonly kind: "const"; readonly value: string | number | bigint | boolean | null }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "list"; readonly items: readonly Expr[] }
    | { readonly kind: "tuple"; readonly items: readonly Expr[] }
    | { readonly kind: "dict"; readonly items: readonly (readonly [Expr, Expr])[] }
    | { readonly kind: "attr"; readonly target: Expr; readonly name: string }
    | { readonly kind: "item"; readonly target: Expr; readonly key: Expr }
    | {
        readonly kind: "slice";
        readonly start: Expr | undefined;
        readonly stop: Expr | undefined;
        readonly step: Expr | undefined;
      }
    | { readonly kind: "call"; readonly target: Expr; readonly call: CallArgs }
    | { readonly kind: "filter"; readonly target: Expr | undefined; readonly name: string; readonly call: CallArgs }
    | { readonly kind: "test"; readonly target: Expr; readonly name: string; readonly call: CallArgs }
    | { readonly kind: "cond"; readonly test: Expr; readonly then: Expr; readonly otherwise: Expr | undefined }
    | { readonly kind: "and" | "or"; readonly left: Expr; readonly right: Expr }
    | { readonly kind: "not" | "neg" | "pos"; readonly operand: Expr }
    | { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
    | { readonly kind: "concat"; readonly items: readonly Expr[] }
    | { readonly kind: "compare"; readonly first: Expr; readonly rest: readonly (readonly [CompareOp, Expr])[] }
  );

/** What can stand left of an assignment. */
export type Target = Pos &
  (
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "tuple"; readonly items: readonly Target[] }
    | { readonly kind: "nsref"; readonly name: string; readonly attr: string }
  );

export interface Signature {
  readonly params: readonly string[];
  /** Defaults of the last parameters. */
  readonly defaults: readonly Expr[];
}

export type Stmt = Pos &
  (
    | { readonly kind: "data"; readonly text: string }
    | { readonly kind: "output"; readonly expr: Expr }
    | {
        readonly kind: "for";
        readonly target: Target;
        readonly iter: Expr;
        readonly test: Expr | undefined;
        readonly body: readonly Stmt[];
        readonly otherwise: readonly Stmt[];
        readonly recursive: boolean;
      }
    | {
        readonly kind: "if";
        readonly branches: readonly (readonly [Expr, readonly Stmt[]])[];
        readonly otherwise: readonly Stmt[];
      }
    | { readonly kind: "set"; readonly target: Target; readonly value: Expr }
    | {
        readonly kind: "setblock";
        readonly target: Target;
        readonly filter: Expr | undefined;
        readonly body: readonly Stmt[];
      }
    | {
        readonly kind: "with";
        readonly targets: readonly Target[];
        readonly values: readonly Expr[];
        readonly body: readonly Stmt[];
      }
    | { readonly kind: "macro"; readonly name: string; readonly signature: Signature; readonly body: readonly Stmt[] }
    | { readonly kind: "callblock"; readonly call: Expr; readonly signature: Signature; readonly body: readonly Stmt[] }
    | { readonly kind: "filterblock"; readonly filter: Expr; readonly body: readonly Stmt[] }
    | { readonly kind: "autoescape"; readonly value: Expr; readonly body: readonly Stmt[] }
    | {
        readonly kind: "block";
        readonly name: string;
        readonly body: readonly Stmt[];
        readonly scoped: boolean;
        readonly required: boolean;
      }
    | { readonly kind: "extends"; readonly template: Expr }
    | {
        readonly kind: "include";
        readonly template: Expr;
        readonly ignoreMissing: boolean;
        readonly withContext: boolean;
      }
    | { readonly kind: "import"; readonly template: Expr; readonly name: string; readonly withContext: boolean }
    | {
        readonly kind: "from";
        readonly template: Expr;
        readonly names: readonly (readonly [string, string])[];
        readonly withContext: boolean;
      }
    | { readonly kind: "do"; readonly expr: Expr }
    | { readonly kind: "break" | "continue" }
  );

export interface TemplateNode {
  readonly name: string;
  readonly body: readonly Stmt[];
}
