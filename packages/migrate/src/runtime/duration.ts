/** Lengths of time as people write them. */
import { CommandError } from "../errors.js";

/** Milliseconds, or text: "500ms", "5s", "1min", "2h". */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds. @throws CommandError `migrate.duration`
 * @example milliseconds("1min", "--statement-timeout") // 60000
 */
export function milliseconds(duration: Duration, name: string): number {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(duration));
  const unit = found === null ? undefined : UNITS[(found[2] as string).toLowerCase()];
  const value = Math.round(Number(found?.[1]) * (unit ?? Number.NaN));
  if (Number.isSafeInteger(value)) return value;
  throw new CommandError("migrate.duration", `${name}: '${duration}' is no length of time`, {
    hint: "Write milliseconds as a number, or 500ms, 5s, 1min, 2h.",
  });
}

/** `1500` → "1.5 s". */
export function shownDuration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
