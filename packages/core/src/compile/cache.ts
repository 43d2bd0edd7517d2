/**
 * Finds the compiled form of a statement by its structure. The key is walked once; equal structures share the entry
 * whatever their values are. Source: SQLAlchemy "SQL Compilation Caching".
 */
import type { Element } from "../sql/element.js";
import { Bind, NamedBind } from "../sql/expression.js";
import { type KeyedBind, KeyWriter, OP } from "../sql/key.js";

interface Entry<E> {
  readonly ids: Int32Array;
  readonly texts: readonly string[];
  readonly value: E;
  next: Entry<E> | undefined;
  /** Generation of the last use. */
  used: number;
}
export interface CacheHit<E> {
  readonly value: E;
  readonly params: readonly unknown[];
}

type NamedParameters = { readonly [name: string]: unknown } | undefined;
const NO_TEXTS: readonly string[] = [];
const writer = new KeyWriter().reset(true);
/** A walk is under way: what a parameter's function looks up on the way needs a writer of its own. */
let walking = false;

/** What a statement that is run again and again was found to be by the cache asked last: its next lookup walks nothing. */
export class LookupMemo {
  cache: unknown;
  hit: CacheHit<unknown> | undefined;
  /** `cache`: what stands for the cache until it is cleared. */
  keep(cache: unknown, hit: CacheHit<unknown>): void {
    this.cache = cache;
    this.hit = hit;
  }
}
const NO_PARAMS: unknown[] = [];
/** The parameters of the walk; the writer keeps none of them. */
function takeParams(key: KeyWriter): unknown[] {
  const { params, paramCount } = key;
  if (paramCount === 0) return NO_PARAMS;
  const binds = key.binds as (KeyedBind | undefined)[];
  const taken = params.slice(0, paramCount);
  for (let i = 0; i < paramCount; i++) {
    params[i] = undefined;
    binds[i] = undefined;
  }
  return taken;
}

/** A bounded map from structures to values. Not tied to a dialect: keep one per engine. */
export class StatementCache<E> {
  readonly #buckets = new Map<number, Entry<E>>();
  readonly #capacity: number;
  #size = 0;
  #clock = 0;
  /** Another one after `clear()`: memos forget, too. */
  #era = {};
  hits = 0;
  misses = 0;
  /** Statements that declared no structure. */
  uncacheable = 0;

  constructor(capacity = 500) {
    this.#capacity = capacity;
  }
  get size(): number {
    return this.#size;
  }
  /**
   * The value for this statement's structure, and its parameters in order of the walk. `build` is called on a miss with
   * the index of each parameter node; `memo`: of a statement that does not change and is looked up again and again.
   */
  lookup(statement: Element, build: (binds: ReadonlyMap<KeyedBind, number>) => E, memo?: LookupMemo): CacheHit<E> {
    const remembered = memo === undefined ? undefined : this.remembered(memo);
    if (remembered !== undefined) return remembered;
    const inside = walking;
    const key = inside ? new KeyWriter().reset(true) : writer.again();
    key.named = (statement as { readonly parameterValues?: NamedParameters }).parameterValues;
    walking = true;
    try {
      statement.walk(key);
    } finally {
      walking = inside;
    }
    const { paramCount, cacheable, volatile } = key;
    if (paramCount > 1 && cacheable) {
      const met = (key.binds as KeyedBind[]).slice(0, paramCount);
      writeRepeats(key, key.agrees ? asOne(met) : met);
    }
    const { n, ids, texts, textCount } = key;
    const params = takeParams(key);
    if (!cacheable) {
      this.uncacheable++;
      return { value: this.#build(statement, build), params };
    }
    let hash = 0x811c9dc5 ^ textCount;
    for (let i = 0; i < n; i++) hash = Math.imul(hash ^ (ids[i] as number), 0x01000193);
    for (let i = 0; i < textCount; i++) hash = Math.imul(hash ^ (texts[i] as string).length, 0x01000193);
    for (let entry = this.#buckets.get(hash); entry !== undefined; entry = entry.next) {
      if (same(entry, ids, n, texts, textCount)) {
        this.hits++;
        entry.used = ++this.#clock;
        const hit = { value: entry.value, params };
        if (memo !== undefined && !volatile) memo.keep(this.#era, hit);
        return hit;
      }
    }
    const stored = { ids: ids.slice(0, n), texts: textCount === 0 ? NO_TEXTS : texts.slice(0, textCount) };
    const value = this.#build(statement, build);
    this.misses++;
    if (this.#size >= this.#capacity) this.#evict();
    this.#buckets.set(hash, { ...stored, value, next: this.#buckets.get(hash), used: ++this.#clock });
    this.#size++;
    return { value, params };
  }
  /** What the memo holds of this cache; undefined where it was last asked of another. */
  remembered(memo: LookupMemo): CacheHit<E> | undefined {
    if (memo.cache !== this.#era) return undefined;
    this.hits++;
    return memo.hit as CacheHit<E>;
  }
  clear(): void {
    this.#buckets.clear();
    this.#size = 0;
    this.#era = {};
  }
  #build(statement: Element, build: (binds: ReadonlyMap<KeyedBind, number>) => E): E {
    const recording = new KeyWriter().reset(true);
    recording.nodesOnly = true;
    statement.walk(recording);
    return build(indexOfBinds(recording));
  }
  /** Drops the older half: dropping one at a time would sort at every miss of a full cache. */
  #evict(): void {
    const all: { hash: number; entry: Entry<E> }[] = [];
    for (const [hash, first] of this.#buckets) {
      for (let entry: Entry<E> | undefined = first; entry !== undefined; entry = entry.next) all.push({ hash, entry });
    }
    all.sort((a, b) => b.entry.used - a.entry.used);
    this.#buckets.clear();
    const kept = all.slice(0, Math.floor(this.#capacity / 2));
    for (const { hash, entry } of kept) {
      entry.next = this.#buckets.get(hash);
      this.#buckets.set(hash, entry);
    }
    this.#size = kept.length;
  }
}
/** For the compiler: the index of each parameter node among those collected. */
export function indexOfBinds(key: KeyWriter): Map<KeyedBind, number> {
  const index = new Map<KeyedBind, number>();
  const all = key.binds as KeyedBind[];
  const standing = key.agrees ? asOne(all) : all;
  all.forEach((bind, i) => {
    if (!index.has(bind)) index.set(bind, index.get(standing[i] as KeyedBind) ?? i);
  });
  return index;
}

/**
 * The nodes, with the first of those that hold one value of one type for all of them: where clauses have to agree, two
 * makings of `coalesce(age, 0)` are one expression.
 */
function asOne(binds: readonly KeyedBind[]): readonly KeyedBind[] {
  const byValue = new Map<unknown, (Bind | NamedBind)[]>();
  return binds.map((bind) => {
    if (!(bind instanceof Bind || bind instanceof NamedBind) || bind.expanding) return bind;
    const { type } = bind;
    const name = bind instanceof NamedBind ? bind.parameter : undefined;
    // The name says that the values given are equal; what holds where none is given may differ still.
    if (bind instanceof NamedBind && (bind.callable !== undefined || bind.literalExecute)) return bind;
    const value = bind.value instanceof Date ? bind.value.getTime() : bind.value;
    if ((typeof value === "object" && value !== null) || Object.is(value, -0)) return bind;
    const equal = byValue.get(value);
    if (equal === undefined) byValue.set(value, [bind]);
    const first = equal?.find(
      (other) => other.type.id === type.id && (other instanceof NamedBind ? other.parameter : undefined) === name,
    );
    if (first === undefined) equal?.push(bind);
    return first ?? bind;
  });
}
/**
 * One parameter node in two places is compiled to one source, and on servers with numbered places to one number; an equal
 * structure with two nodes is another text. So the key says which places repeat which.
 */
function writeRepeats(key: KeyWriter, binds: readonly KeyedBind[]): void {
  const count = binds.length;
  // Nearly always there are few and all differ.
  if (count > 12 && new Set(binds).size === count) return;
  for (let i = 1; i < count; i++) {
    const first = binds.indexOf(binds[i] as KeyedBind);
    if (first === i) continue;
    key.id(OP.repeat);
    key.id(first);
    key.id(i);
  }
}
function same<E>(entry: Entry<E>, ids: Int32Array, n: number, texts: readonly string[], textCount: number): boolean {
  const own = entry.ids;
  if (own.length !== n || entry.texts.length !== textCount) return false;
  for (let i = 0; i < n; i++) if (own[i] !== ids[i]) return false;
  for (let i = 0; i < textCount; i++) if (entry.texts[i] !== texts[i]) return false;
  return true;
}
