/** Values by which rows are told apart, in one form for what was sent and what came back. */
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** Equal for equal values: 1, 1n and "1" of a number, dates by their moment, bytes by their content. */
export function sentinelKey(values: readonly unknown[]): string {
  return JSON.stringify(values.map(canonical));
}
function canonical(value: unknown): unknown {
  switch (typeof value) {
    case "number":
    case "bigint":
      return String(value);
    case "string":
      if (UUID.test(value)) return value.toLowerCase();
      // Exact decimals come back with the zeros of their scale.
      return DECIMAL.test(value) && value.includes(".") ? value.replace(/\.?0+$/, "") : value;
    case "object":
      if (value instanceof Date) return `date ${value.getTime()}`;
      if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
      return value;
    default:
      return value === undefined ? null : value;
  }
}
