/** Types that only SQLite has: documents in its binary form, dates and times in a text form of one's own. */
import { ArgumentError, DataError } from "../../errors/errors.js";
import type { TypeAdapter, TypeAdapters } from "../../types/adapter.js";
import type { FormattedType } from "../../types/formatted-type.js";
import type { NativeType } from "../../types/native-types.js";
import { dateText, describe, jsonBind, jsonResult, parseTimestamp, timestampText, timeText } from "../values.js";

const WIDTHS: { readonly [token: string]: number } = { Y: 4, m: 2, d: 2, H: 2, M: 2, S: 2, f: 6 };
const NEEDED: { readonly [of: string]: string } = { dateTime: "YmdHMS", date: "Ymd", time: "HMS" };
const TOKEN = /%(.)/gs;

/** @throws ArgumentError for an unknown token, or a format that loses a part that counts */
export function checkFormat(of: FormattedType["of"], format: string): void {
  const tokens = [...format.matchAll(TOKEN)].map((m) => m[1] as string);
  const odd = tokens.find((t) => t !== "%" && WIDTHS[t] === undefined);
  const missing = [...(NEEDED[of] as string)].find((t) => !tokens.includes(t));
  if (odd === undefined && missing === undefined) return;
  throw new ArgumentError(
    odd === undefined
      ? `A ${of} in the form '${format}' would lose its %${missing}.`
      : `'%${odd}' in the form '${format}' is none of %Y, %m, %d, %H, %M, %S, %f and %%.`,
    "type.format",
  );
}
/** The parts of a value by token. */
function partsOf(of: FormattedType["of"], value: unknown): { readonly [token: string]: string } {
  const text =
    of === "dateTime"
      ? timestampText(value)
      : of === "date"
        ? `${dateText(value)} 00:00:00`
        : `0000-00-00 ${timeText(value)}`;
  const m = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text);
  if (m === null) throw new ArgumentError(`${describe(value)} has no form of four digits for its year.`, "value.date");
  const [, Y, M1, d, H, M, S, f = ""] = m as unknown as string[];
  return {
    Y: Y as string,
    m: M1 as string,
    d: d as string,
    H: H as string,
    M: M as string,
    S: S as string,
    f: f.padEnd(6, "0"),
  };
}
function reader({ of, format }: FormattedType): (value: unknown) => unknown {
  const tokens: string[] = [];
  const source = format.replace(/%(.)|[\\^$.*+?()[\]{}|/-]/gs, (c, token?: string) => {
    if (token === undefined) return `\\${c}`;
    if (token === "%") return "%";
    tokens.push(token);
    return `(\\d{${WIDTHS[token]}})`;
  });
  const pattern = new RegExp(`^${source}$`);
  return (value) => {
    const m = pattern.exec(String(value));
    if (m === null) throw new DataError(`The database holds ${describe(value)}, which has not the form '${format}'.`);
    const p: { [token: string]: string } = {};
    tokens.forEach((t, i) => {
      p[t] = m[i + 1] as string;
    });
    const fraction = p.f === undefined ? "" : `.${p.f}`;
    if (of === "date") return `${p.Y}-${p.m}-${p.d}`;
    if (of === "time") return `${p.H}:${p.M}:${p.S}${fraction.replace(/\.?0+$/, "")}`;
    return parseTimestamp(`${p.Y}-${p.m}-${p.d} ${p.H}:${p.M}:${p.S}${fraction}`);
  };
}

export const sqliteNativeAdapters: TypeAdapters = {
  "sqlite.jsonb": {
    ddl: (type) => type.ddl,
    castDdl: () => "BLOB",
    bind: jsonBind,
    result: jsonResult,
    wrapBind: () => (placeholder) => `jsonb(${placeholder})`,
    wrapColumn: () => (sql) => `json(${sql})`,
  } satisfies TypeAdapter<NativeType>,
  "sqlite.formatted": {
    ddl: (type) => ({ dateTime: "DATETIME", date: "DATE", time: "TIME" })[type.of],
    castDdl: () => "TEXT",
    bind: (type) => (value) => {
      const parts = partsOf(type.of, value);
      return type.format.replace(TOKEN, (_, token: string) => (token === "%" ? "%" : (parts[token] as string)));
    },
    result: reader,
  } satisfies TypeAdapter<FormattedType>,
};
