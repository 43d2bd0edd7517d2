/**
 * The inner loops of a flush over the slots of many objects. One function serves one list of slots, so it is generated.
 * See `spec/speed-techniques.md`, section 3.
 */
import { atColumn, type Convert, Expression, GeneratedFunctions } from "@athanor/core";
import { type Managed, UNLOADED } from "../../mapping/state.js";

type Slot = `$${string}`;
type Process = Convert | null;
type Flat = (rows: readonly Managed[], processes: readonly Process[], from: number, to: number) => unknown[];
type Column = (rows: readonly Managed[], process: Process, from: number, to: number) => unknown[];
type Set1 = (instance: Managed, value: unknown) => void;
/** Bits of the slots that hold nothing, or -1 when one holds an SQL expression. At most 31 slots. */
export type Scan = (instance: Managed) => number;

const q = JSON.stringify;
const given = (value: unknown, process: Process): unknown =>
  value === null || value === undefined || value === UNLOADED
    ? nothing(value, process)
    : process === null
      ? value
      : process(value);
/** What stands for a value that is null, or was never set. */
const nothing = (value: unknown, process: Process): unknown =>
  process?.takesNull === true || (value === null && process?.takesNull === "set") ? process(null) : null;
const functions = new GeneratedFunctions({ U: UNLOADED, E: Expression, N: nothing });

function flatOf(slots: readonly Slot[]): Flat {
  return functions.get<Flat>(
    `f${slots.join("\n")}`,
    () => `return (rows, p, from, to) => {
const out = new Array((to - from) * ${slots.length}); let at = 0, v;
${slots.map((_, i) => `const p${i} = p[${i}], t${i} = p${i} !== null && p${i}.takesNull !== undefined;`).join(" ")}
for (let r = from; r < to; r++) { const o = rows[r];
${slots.map((s, i) => `v = o[${q(s)}]; out[at++] = v === null || v === undefined || v === U ? (t${i} ? N(v, p${i}) : null) : p${i} === null ? v : p${i}(v);`).join("\n")}
}
return out; };`,
    () => (rows, processes, from, to) => {
      const out: unknown[] = [];
      for (let r = from; r < to; r++)
        for (let i = 0; i < slots.length; i++)
          out.push(given((rows[r] as Managed)[slots[i] as Slot], processes[i] as Process));
      return out;
    },
  );
}
function columnOf(slot: Slot): Column {
  return functions.get<Column>(
    `c${slot}`,
    () => `return (rows, p, from, to) => {
const out = new Array(to - from); let v;
for (let r = from; r < to; r++) { v = rows[r][${q(slot)}]; out[r - from] = v === null || v === undefined || v === U ? (p === null ? null : N(v, p)) : p === null ? v : p(v); }
return out; };`,
    () => (rows, process, from, to) => rows.slice(from, to).map((o) => given(o[slot], process)),
  );
}
function setterOf(slot: Slot): Set1 {
  return functions.get<Set1>(
    `s${slot}`,
    () => `return (o, v) => { o[${q(slot)}] = v; };`,
    () => (instance, value) => {
      instance[slot] = value;
    },
  );
}
export function scanOf(slots: readonly Slot[]): Scan {
  return functions.get<Scan>(
    `b${slots.join("\n")}`,
    () => `return (o) => { let bits = 0, v;
${slots.map((s, i) => `v = o[${q(s)}]; if (v === U) bits |= ${1 << i}; else if (typeof v === "object" && v instanceof E) return -1;`).join("\n")}
return bits; };`,
    () => (instance) => {
      let bits = 0;
      for (let i = 0; i < slots.length; i++) {
        const value = instance[slots[i] as Slot];
        if (value === UNLOADED) bits |= 1 << i;
        else if (typeof value === "object" && value instanceof Expression) return -1;
      }
      return bits;
    },
  );
}
/** Whether all slots hold nothing. */
export function emptyOf(slots: readonly Slot[]): (instance: Managed) => boolean {
  return functions.get<(instance: Managed) => boolean>(
    `e${slots.join("\n")}`,
    () => `return (o) => ${slots.map((s) => `o[${q(s)}] === U`).join(" && ") || "true"};`,
    () => (instance) => slots.every((s) => instance[s] === UNLOADED),
  );
}
/** NULL into those of these slots that hold nothing. */
export function nullsInto(slots: readonly Slot[]): (instance: Managed) => void {
  return functions.get<(instance: Managed) => void>(
    `n${slots.join("\n")}`,
    () => `return (o) => { ${slots.map((s) => `if (o[${q(s)}] === U) o[${q(s)}] = null;`).join(" ")} };`,
    () => (instance) => {
      for (const s of slots) if (instance[s] === UNLOADED) instance[s] = null;
    },
  );
}

/** Objects as the rows of a bulk statement: `BulkRows` of @athanor/core. */
export class InstanceRows {
  readonly length: number;
  readonly #instances: readonly Managed[];
  readonly #slots: readonly Slot[];
  readonly #take: readonly Set1[];
  /** `fetched`: where generated values go. */
  constructor(instances: readonly Managed[], slots: readonly Slot[], fetched: readonly Slot[]) {
    this.length = instances.length;
    this.#instances = instances;
    this.#slots = slots;
    this.#take = fetched.map(setterOf);
  }
  flat(processes: readonly Process[], from: number, to: number): unknown[] {
    try {
      return flatOf(this.#slots)(this.#instances, processes, from, to);
    } catch (error) {
      throw atColumn(error, this.#culprit(processes, from, to));
    }
  }
  /** Whose value cannot be sent; asked only when one could not. */
  #culprit(processes: readonly Process[], from: number, to: number): string | undefined {
    for (let r = from; r < to; r++) {
      for (const [i, slot] of this.#slots.entries()) {
        try {
          given((this.#instances[r] as Managed)[slot], processes[i] as Process);
        } catch {
          return slot.slice(1);
        }
      }
    }
    return undefined;
  }
  column(at: number, process: Process, from: number, to: number): unknown[] {
    const slot = this.#slots[at] as Slot;
    try {
      return columnOf(slot)(this.#instances, process, from, to);
    } catch (error) {
      throw atColumn(error, slot.slice(1));
    }
  }
  take(row: number, at: number, value: unknown): void {
    (this.#take[at] as Set1)(this.#instances[row] as Managed, value);
  }
}
