/** Filters on lists, mappings and anything that can be looped over. */
import { applyFilter, splitNamed } from "../apply.js";
import type { AnyFilter, FilterState } from "../context.js";
import { TemplateRuntimeError } from "../errors.js";
import { escape, isHtml, Markup } from "../markup.js";
import { isUndefined, kindOf, noOwner, Undefined } from "../undefined.js";
import {
  arithmetic,
  chars,
  compare,
  entriesOf,
  equal,
  isMapping,
  isText,
  lengthOf,
  outEscaped,
  toList,
  truth,
} from "../values.js";
import { attributeGetter, define, defineOpen, fold, numberOf, textOf } from "./define.js";

type Key = (item: unknown) => Promise<unknown>;

/** A group of `groupby`: a pair that also answers `.grouper` and `.list`. */
export class Group extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  get grouper(): unknown {
    return this[0];
  }
  get list(): unknown {
    return this[1];
  }
}

/** Keys of items with an optional attribute, ignoring case unless told otherwise. */
function keyOf(state: FilterState, attribute: unknown, caseSensitive: unknown, standard?: unknown): Key {
  const get =
    attribute === undefined || attribute === null
      ? async (item: unknown) => item
      : attributeGetter(state, attribute, standard);
  return truth(caseSensitive) ? get : async (item) => fold(await get(item));
}

async function sorted(items: readonly unknown[], key: Key, reverse: boolean): Promise<unknown[]> {
  const keyed = await Promise.all(items.map(async (item) => ({ item, key: await key(item) })));
  keyed.sort((a, b) => (reverse ? compare(b.key, a.key) : compare(a.key, b.key)));
  return keyed.map(({ item }) => item);
}

async function extreme(state: FilterState, value: unknown, key: Key, sign: 1 | -1): Promise<unknown> {
  const items = await toList(value);
  if (items.length === 0)
    return new Undefined(
      state.engine.undefinedMode,
      "",
      noOwner,
      "There is no smallest or largest item: the list is empty.",
    );
  let best = items[0];
  let bestKey = await key(best);
  for (const item of items.slice(1)) {
    const itemKey = await key(item);
    if (compare(itemKey, bestKey) * sign < 0) {
      best = item;
      bestKey = itemKey;
    }
  }
  return best;
}

/** The function behind `map("upper")` and its arguments. */
function mapper(state: FilterState, args: readonly unknown[], kwargs: Record<string, unknown>): Key {
  if (args.length === 0 && Object.hasOwn(kwargs, "attribute")) {
    const unknown = Object.keys(kwargs).find((key) => key !== "attribute" && key !== "default");
    if (unknown !== undefined) throw new TemplateRuntimeError(`map takes no argument named '${unknown}'.`);
    return attributeGetter(state, kwargs.attribute, kwargs.default);
  }
  if (args.length === 0) throw new TemplateRuntimeError("map needs the name of a filter, or attribute='…'.");
  const [name, ...rest] = args;
  const filter = state.engine.filter(textOf(name));
  return async (item) => applyFilter(`the filter '${textOf(name)}'`, filter, state, [item, ...rest], kwargs);
}

/** select, reject and their attribute forms. */
function chooser(keep: boolean, byAttribute: boolean): AnyFilter {
  return defineOpen(async function (value, ...all) {
    const { args, kwargs } = splitNamed(all);
    let get: Key = async (item) => item;
    let rest = args;
    if (byAttribute) {
      if (args.length === 0) throw new TemplateRuntimeError("selectattr and rejectattr need the name of an attribute.");
      get = attributeGetter(this, args[0]);
      rest = args.slice(1);
    }
    const [name, ...testArgs] = rest;
    const test = name === undefined ? undefined : this.engine.test(textOf(name));
    const out: unknown[] = [];
    if (!truth(value)) return out;
    for (const item of await toList(value)) {
      const tested = await get(item);
      const hit =
        test === undefined
          ? tested
          : await applyFilter(`the test '${textOf(name)}'`, test, this, [tested, ...testArgs], kwargs);
      if (truth(hit) === keep) out.push(item);
    }
    return out;
  });
}

export const sequenceFilters: Record<string, AnyFilter> = {
  attr: define("name", function (value, name) {
    return this.engine.lookup.attribute(value, textOf(name));
  }),
  batch: define("linecount fill_with", async (value, size, fill = null) => {
    const n = numberOf(size, 0);
    if (n < 1) throw new TemplateRuntimeError("batch needs the number of items per row.");
    const items = await toList(value);
    const out: unknown[][] = [];
    for (let i = 0; i < items.length; i += n) out.push(items.slice(i, i + n));
    const last = out.at(-1);
    if (last !== undefined && fill !== null && fill !== undefined) while (last.length < n) last.push(fill);
    return out;
  }),
  dictsort: define("case_sensitive by reverse", async (value, caseSensitive = false, by = "key", reverse = false) => {
    const how = textOf(by);
    if (how !== "key" && how !== "value")
      throw new TemplateRuntimeError(`dictsort sorts by 'key' or 'value', not by '${how}'.`);
    if (!isMapping(value)) throw new TemplateRuntimeError(`dictsort needs an object or a Map, got ${kindOf(value)}.`);
    const at = how === "key" ? 0 : 1;
    const key: Key = async (pair) => (truth(caseSensitive) ? (pair as unknown[])[at] : fold((pair as unknown[])[at]));
    return sorted(entriesOf(value), key, truth(reverse));
  }),
  first: define("", async function (value) {
    if (isText(value)) {
      const c = [...String(value)][0];
      return c ?? none(this, "first");
    }
    const [first] = Array.isArray(value) ? (value as unknown[]) : await toList(value);
    return first ?? (first === null ? null : none(this, "first"));
  }),
  groupby: define(
    "attribute default case_sensitive",
    async function (value, attribute, standard, caseSensitive = false) {
      const key = keyOf(this, attribute, caseSensitive, standard);
      const shown = attributeGetter(this, attribute, standard);
      const items = await sorted(await toList(value), key, false);
      const groups: Group[] = [];
      let current: unknown[] = [];
      let last: unknown;
      for (const item of items) {
        const k = await key(item);
        if (groups.length === 0 || !equal(k, last)) {
          current = [];
          groups.push(Group.of(await shown(item), current) as Group);
          last = k;
        }
        current.push(item);
      }
      return groups;
    },
  ),
  items: define("", (value) => {
    if (isUndefined(value)) {
      value?.use();
      return [];
    }
    if (!isMapping(value)) throw new TemplateRuntimeError(`items needs an object or a Map, got ${kindOf(value)}.`);
    return entriesOf(value);
  }),
  join: define("d attribute", async function (value, d = "", attribute) {
    let items = await toList(value);
    if (attribute !== undefined && attribute !== null)
      items = await Promise.all(items.map(attributeGetter(this, attribute)));
    if (!this.autoescape || !(isHtml(d) || items.some(isHtml)))
      return items.map((item) => textOf(item)).join(textOf(d));
    const parts = await Promise.all(items.map((item) => outEscaped(item)));
    return new Markup(parts.join(escape(isHtml(d) ? d : textOf(d)).value));
  }),
  last: define("", async function (value) {
    const list = isText(value) ? [...String(value)] : await toList(value);
    const last = list.at(-1);
    return last ?? (last === null ? null : none(this, "last"));
  }),
  length: define("", async (value) => {
    const n = lengthOf(value);
    return n ?? (await toList(value)).length;
  }),
  list: define("", async (value) => [...(await toList(value))]),
  map: defineOpen(async function (value, ...all) {
    if (!truth(value)) return [];
    const items = await toList(value);
    const { args, kwargs } = splitNamed(all);
    const get = mapper(this, args, kwargs);
    const out: unknown[] = [];
    for (const item of items) out.push(await get(item));
    return out;
  }),
  max: define("case_sensitive attribute", function (value, caseSensitive = false, attribute) {
    return extreme(this, value, keyOf(this, attribute, caseSensitive), -1);
  }),
  min: define("case_sensitive attribute", function (value, caseSensitive = false, attribute) {
    return extreme(this, value, keyOf(this, attribute, caseSensitive), 1);
  }),
  random: define("", async function (value) {
    const list = isText(value) ? [...String(value)] : await toList(value);
    return list.length === 0 ? none(this, "random") : list[Math.floor(Math.random() * list.length)];
  }),
  reject: chooser(false, false),
  rejectattr: chooser(false, true),
  reverse: define("", async (value) => {
    if (!isText(value)) return [...(await toList(value))].reverse();
    const back = [...chars(String(value))].reverse().join("");
    return value instanceof Markup ? new Markup(back) : back;
  }),
  select: chooser(true, false),
  selectattr: chooser(true, true),
  slice: define("slices fill_with", async (value, slices, fill = null) => {
    const n = numberOf(slices, 0);
    if (n < 1) throw new TemplateRuntimeError("slice needs the number of slices.");
    const items = await toList(value);
    const size = Math.floor(items.length / n);
    const extra = items.length % n;
    const out: unknown[][] = [];
    for (let i = 0, at = 0; i < n; i++) {
      const take = size + (i < extra ? 1 : 0);
      const part = items.slice(at, at + take);
      at += take;
      if (fill !== null && fill !== undefined && i >= extra) part.push(fill);
      out.push(part);
    }
    return out;
  }),
  sort: define(
    "reverse case_sensitive attribute",
    async function (value, reverse = false, caseSensitive = false, attribute) {
      const names: unknown[] = isText(attribute) ? String(attribute).split(",") : [attribute];
      const keys = names.map((name) => keyOf(this, name, caseSensitive));
      const key: Key = keys.length === 1 ? (keys[0] as Key) : async (item) => Promise.all(keys.map((one) => one(item)));
      return sorted(await toList(value), key, truth(reverse));
    },
  ),
  sum: define("attribute start", async function (value, attribute, start = 0) {
    const get = attribute === undefined || attribute === null ? undefined : attributeGetter(this, attribute);
    let total = start;
    for (const item of await toList(value)) total = arithmetic("+", total, get === undefined ? item : await get(item));
    return total;
  }),
  unique: define("case_sensitive attribute", async function (value, caseSensitive = false, attribute) {
    const key = keyOf(this, attribute, caseSensitive);
    const simple = new Set<unknown>();
    const others: unknown[] = [];
    const out: unknown[] = [];
    for (const item of await toList(value)) {
      const k = await key(item);
      if (typeof k === "object" && k !== null) {
        if (others.some((other) => equal(other, k))) continue;
        others.push(k);
      } else if (simple.has(k)) continue;
      else simple.add(k);
      out.push(item);
    }
    return out;
  }),
};

function none(state: FilterState, filter: string): Undefined {
  return new Undefined(
    state.engine.undefinedMode,
    filter,
    noOwner,
    `There is no item for '${filter}': the list is empty.`,
  );
}
