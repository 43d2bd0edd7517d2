/**
 * What an unknown name or attribute evaluates to. Four modes, as in Jinja: `default` prints nothing but refuses further
 * use, `chainable` lets attributes of it be read, `strict` refuses everything but tests, `debug` prints what is missing.
 */
import { didYouMean } from "@athanor/core";
import { UndefinedError } from "./errors.js";

export type UndefinedMode = "default" | "strict" | "chainable" | "debug";

/** The member names a reader could have meant. */
function membersOf(value: unknown): string[] {
  const names = new Set<string>();
  if (value instanceof Map) for (const key of value.keys()) names.add(String(key));
  let at: unknown = value;
  while (typeof at === "object" && at !== null && at !== Object.prototype && names.size < 500) {
    for (const key of Object.getOwnPropertyNames(at)) if (key !== "constructor") names.add(key);
    at = Object.getPrototypeOf(at);
  }
  return [...names];
}

/** A short name for a value in messages: `User`, `list`, `string`. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return typeof value === "function" ? "a function" : `a ${typeof value}`;
  const proto: unknown = Object.getPrototypeOf(value);
  if (proto === null || proto === Object.prototype) return "an object";
  const made = (proto as { constructor?: { name?: string } }).constructor?.name;
  return made ? `a ${made}` : "an object";
}

export class Undefined {
  readonly mode: UndefinedMode;
  readonly name: string;
  private readonly owner: unknown;
  private readonly hint: string | undefined;
  private readonly known: (() => Iterable<string>) | undefined;

  /**
   * @param name the missing name
   * @param owner the object it was looked up on; `noOwner` for plain names
   * @param hint a ready-made sentence that replaces the standard one
   * @param known plain names that exist, for "did you mean"
   */
  constructor(
    mode: UndefinedMode,
    name: string,
    owner: unknown = noOwner,
    hint?: string,
    known?: () => Iterable<string>,
  ) {
    this.mode = mode;
    this.name = name;
    this.owner = owner;
    this.hint = hint;
    this.known = known;
  }

  message(): string {
    if (this.hint !== undefined) return this.hint;
    if (this.owner === noOwner)
      return `'${this.name}' is undefined.${this.known ? didYouMean(this.name, this.known()) : ""}`;
    return `'${this.name}' is undefined: ${kindOf(this.owner)} has no such member.${didYouMean(this.name, membersOf(this.owner))}`;
  }

  fail(): never {
    throw new UndefinedError(this.message());
  }

  /** Printing. */
  toString(): string {
    if (this.mode === "strict") this.fail();
    if (this.mode !== "debug") return "";
    return this.hint !== undefined || this.owner !== noOwner
      ? `{{ undefined value printed: ${this.message()} }}`
      : `{{ ${this.name} }}`;
  }
  toJSON(): undefined {
    if (this.mode === "strict") this.fail();
    return undefined;
  }
  /** Reading a member. */
  member(name: string): Undefined {
    if (this.mode !== "chainable") this.fail();
    return new Undefined(this.mode, name, this.owner, this.message());
  }
  /** Truth, iteration, comparison. */
  use(): void {
    if (this.mode === "strict") this.fail();
  }
}

/** Marks "a plain name, not a member". */
export const noOwner: unique symbol = Symbol("no owner");

export const isUndefined = (value: unknown): value is Undefined | undefined =>
  value === undefined || value instanceof Undefined;
