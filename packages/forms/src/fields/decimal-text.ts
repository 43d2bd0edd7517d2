/** Exact decimals as text: parsing, comparing and rounding without floating point. */

/** How a decimal is shortened for display; `halfEven` is what Python's decimal module does by default. */
export type Rounding = "halfEven" | "halfUp" | "halfDown" | "up" | "down" | "ceiling" | "floor";

/** `digits / 10^scale`, with the sign apart so that `-0.00` survives. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: bigint;
  readonly scale: number;
}

// Wider than any database's NUMERIC exponent that a person would type; keeps `1e999999999` from filling memory.
const maxExponent = 1000;
const maxLength = 2000;
const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,5}))?$/;

/** Reads a decimal number, null when the text is none. Surrounding white space is allowed. */
export function parseDecimal(text: string): Decimal | null {
  const match = text.length > maxLength ? null : pattern.exec(text.trim());
  if (match === null) return null;
  const exponent = Number(match[3] ?? 0);
  if (Math.abs(exponent) > maxExponent) return null;
  const [whole = "", fraction = ""] = match[2]!.split(".");
  const digits = BigInt(whole + fraction);
  const scale = fraction.length - exponent;
  const negative = match[1] === "-";
  return scale >= 0 ? { negative, digits, scale } : { negative, digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

/** Plain notation, never an exponent. */
export function formatDecimal({ negative, digits, scale }: Decimal): string {
  const text = digits.toString().padStart(scale + 1, "0");
  const point = text.length - scale;
  return `${negative ? "-" : ""}${text.slice(0, point)}${scale > 0 ? `.${text.slice(point)}` : ""}`;
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = signed(a, scale) - signed(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The number with exactly `places` digits after the point. */
export function quantize(decimal: Decimal, places: number, rounding: Rounding): Decimal {
  const { negative, digits, scale } = decimal;
  if (scale <= places) return { negative, digits: digits * 10n ** BigInt(places - scale), scale: places };
  const unit = 10n ** BigInt(scale - places);
  const quotient = digits / unit;
  const twice = (digits % unit) * 2n;
  const roundsUp = {
    up: twice > 0n,
    down: false,
    ceiling: twice > 0n && !negative,
    floor: twice > 0n && negative,
    halfUp: twice >= unit,
    halfDown: twice > unit,
    halfEven: twice > unit || (twice === unit && quotient % 2n === 1n),
  }[rounding];
  return { negative, digits: roundsUp ? quotient + 1n : quotient, scale: places };
}

function signed({ negative, digits, scale }: Decimal, target: number): bigint {
  const scaled = digits * 10n ** BigInt(target - scale);
  return negative ? -scaled : scaled;
}
