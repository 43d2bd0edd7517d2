/** The walk of a `for` loop and the `loop` variable. Works over sync and async sources, promises among the items too. */
import { type DirectCallable, directCall } from "./calls.js";
import { TemplateRuntimeError } from "./errors.js";
import { noOwner, Undefined, type UndefinedMode } from "./undefined.js";
import { equal, iterate, pending } from "./values.js";

/** Steps through a source; a list costs no promise per item. */
export class Cursor {
  /** Number of items seen so far. */
  count = 0;
  value: unknown;
  /** Whether the source wants to be closed when the loop ends early. */
  open = false;
  protected readonly list: readonly unknown[] | undefined;
  protected readonly iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;

  constructor(source: unknown, pairs: boolean) {
    const items = iterate(source, pairs);
    if (Array.isArray(items)) this.list = items;
    else {
      this.iterator = Symbol.iterator in items ? items[Symbol.iterator]() : items[Symbol.asyncIterator]();
      this.open = true;
    }
  }

  /** The next item into `value`; false at the end. */
  next(): boolean | Promise<boolean> {
    if (this.list === undefined) return this.pull();
    if (this.count >= this.list.length) return false;
    this.value = this.list[this.count++];
    return pending(this.value) ? this.settle() : true;
  }

  private async settle(): Promise<true> {
    this.value = await this.value;
    return true;
  }

  private async pull(): Promise<boolean> {
    const step = await (this.iterator as AsyncIterator<unknown>).next();
    if (step.done) {
      this.open = false;
      return false;
    }
    this.count++;
    this.value = await step.value;
    return true;
  }

  async close(): Promise<void> {
    this.open = false;
    await this.iterator?.return?.();
  }
}

type Recurse = (source: unknown) => unknown;

/**
 * The `loop` variable. Sources without a known length are read one item ahead for `last` and `nextitem`, and wholly
 * only when `length` or `revindex` is asked for.
 */
export class Loop extends Cursor implements DirectCallable {
  readonly depth: number;
  private readonly mode: UndefinedMode;
  private readonly recurse: Recurse | undefined;
  private readonly ahead: unknown[] = [];
  private ended = false;
  private previous: unknown;
  private seen: readonly unknown[] | undefined;

  constructor(source: unknown, pairs: boolean, mode: UndefinedMode, depth: number, recurse: Recurse | undefined) {
    super(source, pairs);
    this.mode = mode;
    this.depth = depth;
    this.recurse = recurse;
  }

  override next(): boolean | Promise<boolean> {
    this.previous = this.value;
    if (this.list !== undefined) return super.next();
    return this.step();
  }

  private async step(): Promise<boolean> {
    if (!(await this.peek())) return false;
    this.value = this.ahead.shift();
    this.count++;
    return true;
  }

  /** Makes sure one more item is read; false when there is none. */
  private async peek(): Promise<boolean> {
    if (this.ahead.length > 0) return true;
    if (this.ended) return false;
    const step = await (this.iterator as AsyncIterator<unknown>).next();
    if (step.done) {
      this.ended = true;
      this.open = false;
      return false;
    }
    this.ahead.push(await step.value);
    return true;
  }

  get index(): number {
    return this.count;
  }
  get index0(): number {
    return this.count - 1;
  }
  get first(): boolean {
    return this.count === 1;
  }
  get depth0(): number {
    return this.depth - 1;
  }
  get last(): boolean | Promise<boolean> {
    if (this.list !== undefined) return this.count === this.list.length;
    return this.peek().then((more) => !more);
  }
  get length(): number | Promise<number> {
    return this.list !== undefined ? this.list.length : this.rest();
  }
  get revindex(): number | Promise<number> {
    const { length } = this;
    return typeof length === "number" ? length - this.count + 1 : length.then((n) => n - this.count + 1);
  }
  get revindex0(): number | Promise<number> {
    const { revindex } = this;
    return typeof revindex === "number" ? revindex - 1 : revindex.then((n) => n - 1);
  }
  private async rest(): Promise<number> {
    while (!this.ended) {
      const step = await (this.iterator as AsyncIterator<unknown>).next();
      if (step.done) {
        this.ended = true;
        this.open = false;
      } else this.ahead.push(await step.value);
    }
    return this.count + this.ahead.length;
  }
  get previtem(): unknown {
    return this.count > 1 ? this.previous : new Undefined(this.mode, "previtem", noOwner, "There is no previous item.");
  }
  get nextitem(): unknown {
    const none = (): Undefined => new Undefined(this.mode, "nextitem", noOwner, "There is no next item.");
    if (this.list !== undefined) return this.count < this.list.length ? this.list[this.count] : none();
    return this.peek().then((more) => (more ? this.ahead[0] : none()));
  }
  /** One of the values, in turn. */
  cycle(...values: readonly unknown[]): unknown {
    if (values.length === 0) throw new TemplateRuntimeError("loop.cycle() needs at least one value.");
    return values[(this.count - 1) % values.length];
  }
  /** Whether the values differ from those of the last call. */
  changed(...values: readonly unknown[]): boolean {
    const same = this.seen !== undefined && equal(this.seen, values);
    if (!same) this.seen = values;
    return !same;
  }
  /** `loop(children)` in a recursive loop. */
  [directCall](args: readonly unknown[]): unknown {
    if (this.recurse === undefined)
      throw new TemplateRuntimeError("loop(...) works in recursive loops only: write {% for … recursive %}.");
    return this.recurse(args[0]);
  }
  override toString(): string {
    return `<loop ${this.count}>`;
  }
}
