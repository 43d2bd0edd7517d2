/**
 * One object per row: strong maps, one per hierarchy, keyed by canonical primary key. What a plain select brings into
 * an empty map is appended unindexed and indexed at the first lookup. See `spec/speed-techniques.md`, section 1.
 */
import type { CanonicalKey, KeyPart } from "../mapping/identity-key.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { type Managed, setToken, tokenOf } from "../mapping/state.js";
import type { Identities } from "./internals.js";

type Level = Map<KeyPart, Level | Managed>;
/** Never pushed to. */
const NO_SEGMENTS: (readonly Managed[])[] = [];

class Store {
  #index: Level | undefined;
  /** Made at the first lookup by key. */
  get index(): Level {
    this.#index ??= new Map();
    return this.#index;
  }
  get isIndexed(): boolean {
    return this.#index !== undefined;
  }
  segments: (readonly Managed[])[] = NO_SEGMENTS;
  /** Members of the index. */
  count = 0;
}

/**
 * Rows of different places may have equal keys: each place has a map of its own, under its identity token. This one
 * speaks for all where no place is named, except for lookups by key. Source: SQLAlchemy "identity_token".
 */
export class IdentityMap implements Identities {
  /** For `keepShapes`. */
  static readonly sample: object = new Store();
  /** By hierarchy; made for the second one, most short sessions meet one only. */
  #stores: Map<Mapper, Store> | undefined;
  #firstRoot: Mapper | undefined;
  #first: Store | undefined;
  /** Of that hierarchy, the first objects that came, while nothing else was asked: most short sessions load once. */
  #alone: readonly Managed[] | undefined;
  readonly #token: unknown;
  #places: Map<unknown, IdentityMap> | undefined;
  constructor(token?: unknown) {
    this.#token = token;
  }
  /** The map of one place. */
  under(token: unknown): IdentityMap {
    if (token === this.#token) return this;
    this.#places ??= new Map();
    let place = this.#places.get(token);
    if (place === undefined) this.#places.set(token, (place = new IdentityMap(token)));
    return place;
  }
  /** The map an object is in. */
  of(instance: Managed): IdentityMap {
    return this.#places === undefined ? this : this.under(tokenOf(instance));
  }
  #nested(): Iterable<IdentityMap> {
    return this.#places === undefined ? NONE : this.#places.values();
  }

  #known(mapper: Mapper): Store | undefined {
    const { root } = mapper;
    return this.#firstRoot === root ? (this.#first ?? this.#keepAlone()) : this.#stores?.get(root);
  }
  /** The list that came first and is alone so far gets a store: somebody wants more of it than to let it go. */
  #keepAlone(): Store | undefined {
    if (this.#alone === undefined) return undefined;
    const store = new Store();
    store.segments = [this.#alone];
    this.#alone = undefined;
    this.#first = store;
    return store;
  }
  #store(mapper: Mapper): Store {
    const known = this.#known(mapper);
    if (known !== undefined) return known;
    const store = new Store();
    if (this.#firstRoot === undefined) {
      this.#firstRoot = mapper.root;
      this.#first = store;
    } else {
      this.#stores ??= new Map();
      this.#stores.set(mapper.root, store);
    }
    return store;
  }
  *#all(): Generator<Store> {
    const first = this.#first ?? this.#keepAlone();
    if (first === undefined) return;
    yield first;
    if (this.#stores !== undefined) yield* this.#stores.values();
  }
  #indexed(mapper: Mapper): Store {
    const store = this.#store(mapper);
    if (store.segments.length > 0) {
      const { segments } = store;
      store.segments = NO_SEGMENTS;
      for (const segment of segments) {
        for (const instance of segment) {
          const key = mapperOfInstance(instance).keyOf(instance);
          if (key !== undefined) put(store, key, instance);
        }
      }
    }
    return store;
  }
  get(mapper: Mapper, key: CanonicalKey): Managed | undefined {
    if (this.#known(mapper) === undefined) return undefined;
    const { index } = this.#indexed(mapper);
    if (typeof key !== "object") return index.get(key) as Managed | undefined;
    let level: Level | Managed | undefined = index;
    for (const part of key) {
      level = (level as Level).get(part);
      if (level === undefined) return undefined;
    }
    return level as Managed;
  }
  add(mapper: Mapper, key: CanonicalKey, instance: Managed): void {
    if (this.#places !== undefined) {
      const place = this.of(instance);
      if (place !== this) {
        place.add(mapper, key, instance);
        return;
      }
    }
    if (this.#token !== undefined) setToken(instance, this.#token);
    put(this.#indexed(mapper), key, instance);
  }
  /** Takes out what is held under the key, if it is this object. */
  remove(mapper: Mapper, key: CanonicalKey, instance: Managed): void {
    if (this.#places !== undefined) {
      const place = this.of(instance);
      if (place !== this) {
        place.remove(mapper, key, instance);
        return;
      }
    }
    const store = this.#indexed(mapper);
    const parts = typeof key === "object" ? key : [key];
    let level: Level = store.index;
    for (let i = 0; i < parts.length - 1; i++) {
      const next = level.get(parts[i] as KeyPart);
      if (next === undefined) return;
      level = next as Level;
    }
    const last = parts.at(-1) as KeyPart;
    if (level.get(last) !== instance) return;
    level.delete(last);
    store.count--;
  }
  isEmpty(mapper: Mapper): boolean {
    if (this.#alone !== undefined && this.#firstRoot === mapper.root) return false;
    const store = this.#known(mapper);
    return store === undefined || (store.count === 0 && store.segments.length === 0);
  }
  append(mapper: Mapper, instances: readonly Managed[]): void {
    if (instances.length === 0) return;
    if (this.#token !== undefined) for (const instance of instances) setToken(instance, this.#token);
    if (this.#firstRoot === undefined) {
      this.#firstRoot = mapper.root;
      this.#alone = instances;
      return;
    }
    const store = this.#store(mapper);
    if (store.segments === NO_SEGMENTS) store.segments = [instances];
    else store.segments.push(instances);
  }
  *instances(mapper: Mapper): Generator<Managed> {
    yield* members(this.#indexed(mapper).index);
    for (const place of this.#nested()) yield* place.instances(mapper);
  }
  /** Like `all`, without a generator's cost per object. `visit` must not change the map. */
  forEach(visit: (instance: Managed) => void): void {
    if (this.#alone !== undefined) for (let i = 0; i < this.#alone.length; i++) visit(this.#alone[i] as Managed);
    if (this.#first !== undefined) visitAll(this.#first, visit);
    if (this.#stores !== undefined) for (const store of this.#stores.values()) visitAll(store, visit);
    for (const place of this.#nested()) place.forEach(visit);
  }
  *all(): Generator<Managed> {
    for (const store of this.#all()) {
      for (const segment of store.segments) yield* segment;
      yield* members(store.index);
    }
    for (const place of this.#nested()) yield* place.all();
  }
  get size(): number {
    let n = 0;
    for (const store of this.#all()) n += store.count + store.segments.reduce((sum, s) => sum + s.length, 0);
    for (const place of this.#nested()) n += place.size;
    return n;
  }
  clear(): void {
    this.#first = undefined;
    this.#alone = undefined;
    this.#firstRoot = undefined;
    this.#stores = undefined;
    for (const place of this.#nested()) place.clear();
  }
}
const NONE: readonly IdentityMap[] = [];

function put(store: Store, key: CanonicalKey, instance: Managed): void {
  let level = store.index;
  let last: KeyPart;
  if (typeof key === "object") {
    for (let i = 0; i < key.length - 1; i++) {
      const part = key[i] as KeyPart;
      let next = level.get(part) as Level | undefined;
      if (next === undefined) level.set(part, (next = new Map()));
      level = next;
    }
    last = key.at(-1) as KeyPart;
  } else last = key;
  if (!level.has(last)) store.count++;
  level.set(last, instance);
}
function visitAll(store: Store, visit: (instance: Managed) => void): void {
  const { segments } = store;
  for (let s = 0; s < segments.length; s++) {
    const segment = segments[s] as readonly Managed[];
    for (let i = 0; i < segment.length; i++) visit(segment[i] as Managed);
  }
  if (store.isIndexed) each(store.index, visit);
}
function each(level: Level, visit: (instance: Managed) => void): void {
  for (const value of level.values()) {
    if (value instanceof Map) each(value, visit);
    else visit(value);
  }
}
function* members(level: Level): Generator<Managed> {
  for (const value of level.values()) {
    if (value instanceof Map) yield* members(value);
    else yield value;
  }
}
