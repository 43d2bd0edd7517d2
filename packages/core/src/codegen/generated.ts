/**
 * Inner loops as generated source: reading `o["name"]` by a constant takes a tenth of reading it by a variable. Names enter
 * the source as string literals only; where generating is forbidden, loops do the same.
 */

/** Whether functions may be made from source: a Content-Security-Policy or `ATHANOR_NO_CODEGEN=1` forbids it. */
let generates: boolean | undefined;
export function canGenerate(): boolean {
  if (generates === undefined) {
    try {
      generates = process.env.ATHANOR_NO_CODEGEN !== "1" && new Function("return 1")() === 1;
    } catch {
      generates = false;
    }
  }
  return generates;
}

/** One function per text, made once. `scope`: what the sources may name besides their arguments. */
export class GeneratedFunctions {
  readonly #kept = new Map<string, unknown>();
  readonly #names: readonly string[];
  readonly #values: readonly unknown[];
  constructor(scope: { readonly [name: string]: unknown } = {}) {
    this.#names = Object.keys(scope);
    this.#values = Object.values(scope);
  }
  /** `key` stands for the text; `plain` does the same without generating. */
  get<F>(key: string, source: () => string, plain: () => F): F {
    let found = this.#kept.get(key) as F | undefined;
    if (found === undefined) {
      found = canGenerate()
        ? (new Function(...this.#names, `"use strict";${source()}`)(...this.#values) as F)
        : plain();
      if (this.#kept.size > 2000) this.#kept.clear();
      this.#kept.set(key, found);
    }
    return found;
  }
}
