/**
 * Numbers. Parsing is strict: what JavaScript would guess from "12abc", "" or "0x10" is refused, and an integer that
 * a double cannot hold is refused instead of rounded. Wrong input is rendered back as typed, with `data` null.
 */
import { ValidationError } from "../errors.js";
import type { FieldOptions, FormValue, Widget } from "../types.js";
import { numberInput, rangeInput, textInput } from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { formatDecimal, parseDecimal, quantize, type Rounding } from "./decimal-text.js";
import { type Unbound, unbound } from "./unbound.js";

abstract class NumberFieldBase<T> extends FieldBase<T> {
  /** The value, or null when the text is no such number. */
  protected abstract parse(text: string): T | null;
  protected abstract readonly refusal: string;

  override processFormdata(values: readonly FormValue[]): void {
    if (values.length > 0) this.take(values[0]);
  }

  override processData(value: unknown): void {
    if (value === null || value === undefined) this.data = null;
    else this.take(value);
  }

  override htmlValue(): string | false {
    const raw = this.rawData?.[0];
    if (raw !== undefined) return String(raw);
    return this.data === null ? "" : this.format(this.data);
  }

  protected format(data: T): string {
    return String(data);
  }

  protected take(value: unknown): void {
    this.data = null;
    const parsed = this.parse(String(value));
    if (parsed === null) throw new ValidationError(this.gettext(this.refusal));
    this.data = parsed;
  }
}

const integerPattern = /^\s*[+-]?\d+\s*$/;

class IntegerField extends NumberFieldBase<number> {
  static override readonly type: string = "IntegerField";
  protected override get refusal(): string {
    return "Not a valid integer value.";
  }

  protected override parse(text: string): number | null {
    const parsed = integerPattern.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(parsed) ? parsed : null;
  }

  protected override defaultWidget(): Widget {
    return numberInput();
  }
}

class IntegerRangeField extends IntegerField {
  static override readonly type = "IntegerRangeField";
  protected override defaultWidget(): Widget {
    return rangeInput();
  }
}

class BigIntegerField extends NumberFieldBase<bigint> {
  static override readonly type = "BigIntegerField";
  protected override get refusal(): string {
    return "Not a valid integer value.";
  }

  protected override parse(text: string): bigint | null {
    return integerPattern.test(text) && text.length <= 1000 ? BigInt(text.trim().replace(/^\+/, "")) : null;
  }

  protected override defaultWidget(): Widget {
    return numberInput();
  }
}

class FloatField extends NumberFieldBase<number> {
  static override readonly type = "FloatField";
  protected override get refusal(): string {
    return "Not a valid float value.";
  }

  protected override parse(text: string): number | null {
    if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)) return null;
    const parsed = Number(text);
    return Number.isFinite(parsed) ? parsed : null;
  }

  protected override defaultWidget(): Widget {
    return textInput();
  }
}

/** Options of {@link decimalField}: places shown (2; null shows all) and how they are rounded for display only. */
export interface DecimalOptions extends FieldOptions<string> {
  readonly places?: number | null;
  readonly rounding?: Rounding;
}

class DecimalField extends NumberFieldBase<string> {
  static override readonly type: string = "DecimalField";
  readonly places: number | null;
  readonly rounding: Rounding;
  protected override get refusal(): string {
    return "Not a valid decimal value.";
  }

  constructor(...args: ConstructorParameters<typeof FieldBase<string>>) {
    super(...args);
    const { places = 2, rounding = "halfEven" } = args[2] as DecimalOptions;
    this.places = places;
    this.rounding = rounding;
  }

  /** Zero counts as nothing, as for the other numbers. */
  override isFilled(): boolean {
    const decimal = parseDecimal(this.data ?? "");
    return decimal !== null && decimal.digits !== 0n;
  }

  protected override parse(text: string): string | null {
    const decimal = parseDecimal(text);
    return decimal === null ? null : formatDecimal(decimal);
  }

  protected override format(data: string): string {
    const decimal = parseDecimal(data);
    if (decimal === null || this.places === null) return data;
    return formatDecimal(quantize(decimal, this.places, this.rounding));
  }

  protected override defaultWidget(): Widget {
    return numberInput({ step: "any" });
  }
}

class DecimalRangeField extends DecimalField {
  static override readonly type = "DecimalRangeField";
  protected override defaultWidget(): Widget {
    return rangeInput({ step: "any" });
  }
}

/** A whole number within ±2^53; see {@link bigIntegerField} beyond. */
export function integerField(label?: string, options: FieldOptions<number> = {}): Unbound<number> {
  return unbound(IntegerField, label, options);
}

/** A whole number as a slider. */
export function integerRangeField(label?: string, options: FieldOptions<number> = {}): Unbound<number> {
  return unbound(IntegerRangeField, label, options);
}

/** A whole number of any size, as `bigint`; fits BIGINT columns. */
export function bigIntegerField(label?: string, options: FieldOptions<bigint> = {}): Unbound<bigint> {
  return unbound(BigIntegerField, label, options);
}

/** A finite floating point number. */
export function floatField(label?: string, options: FieldOptions<number> = {}): Unbound<number> {
  return unbound(FloatField, label, options);
}

/** An exact decimal as text; fits NUMERIC columns. `places` and `rounding` only shape what is shown. */
export function decimalField(label?: string, options: DecimalOptions = {}): Unbound<string> {
  return unbound(DecimalField, label, options);
}

/** An exact decimal as a slider. */
export function decimalRangeField(label?: string, options: DecimalOptions = {}): Unbound<string> {
  return unbound(DecimalRangeField, label, options);
}
