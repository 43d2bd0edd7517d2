/** Attributes forgotten, so that they are read again. */
import { ArgumentError, didYouMean } from "@athanor/core";
import { Collection } from "../mapping/collection.js";
import { type Mapper, mapperOfInstance } from "../mapping/mapper.js";
import { isHeard, tellExpire } from "../mapping/model-events.js";
import { type Managed, STALE, UNLOADED } from "../mapping/state.js";

export function checkKey(instance: Managed, key: string, method: string): void {
  const { keys } = mapperOfInstance(instance);
  if (!keys.includes(key))
    throw new ArgumentError(
      `${method}(): ${mapperOfInstance(instance)} has no attribute '${key}'.${didYouMean(key, keys)}`,
      "orm.unknown-attribute",
    );
}
export function expireOne(instance: Managed, keys: readonly string[] | undefined, mapper: Mapper): void {
  forgetValues(instance, keys, mapper);
  if (isHeard("expire")) tellExpire(instance, keys);
}
function forgetValues(instance: Managed, keys: readonly string[] | undefined, mapper: Mapper): void {
  if (keys === undefined) {
    instance.$$m = 0;
    instance.$$n = 0;
    instance.$$o = null;
    instance.$$h = null;
    instance.$$f = (instance.$$f & ~32) | STALE;
    for (const r of mapperOfInstance(instance).relationships) forget(instance, r.slot);
    return;
  }
  for (const key of keys) {
    checkKey(instance, key, "expire");
    const attribute = mapper.attribute(key);
    if (attribute === undefined) forget(instance, `$${key}`);
    else if (!mapper.primaryKey.includes(attribute)) instance[attribute.slot] = UNLOADED;
  }
}
function forget(instance: Managed, slot: `$${string}`): void {
  const value = instance[slot];
  if (value instanceof Collection) value.detach();
  instance[slot] = UNLOADED;
}
