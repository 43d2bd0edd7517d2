/** The face of a loader option, and the tree of what a list of them loads. The ORM makes the options. */

/** `R`: the entity the path starts at; `P`: the path; `T`: where it stands; `B`: what hangs below the end. */
export interface LoadFace<out R extends string, out P extends readonly string[], out T, out B = {}> {
  readonly root: R;
  readonly path: P;
  readonly target: T;
  readonly below: B;
}
export type AnyLoad = LoadFace<string, readonly string[], any, any>;
type Tree<P extends readonly unknown[], B> = P extends readonly [infer H extends string, ...infer R]
  ? { [_ in H]: Tree<R, B> }
  : B;
/** Contravariance turns the union of loads into the intersection of their trees. */
export type Below<L> = (L extends AnyLoad ? (tree: Tree<L["path"], L["below"]>) => void : never) extends (
  tree: infer I,
) => void
  ? I
  : never;
/** `{ User: { posts: { comments: {} } } }`: one tree per selected entity. */
export type Paths<L> = (
  L extends AnyLoad
    ? (tree: { [_ in L["root"]]: Tree<L["path"], L["below"]> }) => void
    : never
) extends (tree: infer I) => void
  ? I
  : never;
/** What is loaded below the entity named `N`. */
export type BelowOf<L, N extends string> = N extends keyof L ? L[N] : {};
