/** Types of route parameters, read out of the rule text: "/item/<int:id>/<path:rest>" gives { id: number, rest: string }. */
import type { Converters } from "../augment.js";

type TypeOfConverter<C, X> = C extends keyof (Converters & X)
  ? (Converters & X)[C]
  : { error: `unknown converter '${C & string}'` };
/** "int(min=1)" is "int"; options may hold no ">". */
type Bare<C extends string> = C extends `${infer B}(${string}` ? B : C;
type Param<S extends string, X> = S extends `${infer C}:${infer N}`
  ? { readonly [_ in N]: TypeOfConverter<Bare<C>, X> }
  : { readonly [_ in S]: string };

/** The arguments of a rule. Tail-recursive: one step per parameter, and a literal without `<` costs one. */
export type RouteArgs<S extends string, X = {}, Acc = {}> = string extends S
  ? { readonly [name: string]: unknown }
  : S extends `${string}<${infer P}>${infer Rest}`
    ? RouteArgs<Rest, X, Acc & Param<P, X>>
    : { readonly [K in keyof Acc]: Acc[K] };
