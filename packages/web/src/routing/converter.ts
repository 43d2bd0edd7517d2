/** Converters turn one piece of a path into a value and back (Werkzeug: URL routing converters). */
import { WebError } from "../errors/web-error.js";

/** Thrown by `parse` to say "this rule does not match"; the next rule is tried. */
export class NoMatch extends Error {
  constructor(message = "the value does not match") {
    super(message);
    this.name = "NoMatch";
  }
}

/** A converter as the matcher sees it. */
export interface Converter<T> {
  /** Source of a regular expression without groups that capture; default "[^/]+". */
  readonly regex?: string;
  /** Sorting weight, low first: 50 numbers, 100 text, 200 paths. */
  readonly weight?: number;
  /** True when the value may hold slashes. */
  readonly multiSegment?: boolean;
  /**
   * Text from the (decoded) path to a value. Throw to refuse: the next rule is tried. A promise is awaited before the
   * hooks run, inside the request's scope, so it may load from the database; rejecting with NoMatch then means 404.
   */
  parse(text: string): T | Promise<T>;
  /** Value to text for `urlFor`, not yet percent-encoded. Throw to refuse. */
  format(value: NoInfer<T>): string;
}

/** Options written in the rule: `<int(min=1):id>`, `<any(a,b):x>`. */
export interface ConverterOptions {
  readonly positional: readonly (string | number | boolean)[];
  readonly named: Readonly<Record<string, string | number | boolean>>;
}

/** Makes a converter for one use in a rule. */
export type ConverterFactory = (options: ConverterOptions, rule: string) => Converter<unknown>;

function integerOption(o: ConverterOptions, name: string, rule: string): number | undefined {
  const value = o.named[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new WebError("route", `In the rule '${rule}' the option '${name}' must be a number, not '${String(value)}'.`);
  return value;
}

function onlyOptions(o: ConverterOptions, converter: string, names: readonly string[], rule: string): void {
  if (o.positional.length > 0 && converter !== "any") {
    throw new WebError(
      "route",
      `In the rule '${rule}' the converter '${converter}' takes named options (${names.join(", ") || "none"}), as in <${converter}(${names[0] ?? ""}${names.length > 0 ? "=1" : ""}):name>.`,
    );
  }
  for (const key of Object.keys(o.named)) {
    if (!names.includes(key))
      throw new WebError(
        "route",
        `In the rule '${rule}' the converter '${converter}' has no option '${key}'. It knows: ${names.join(", ") || "none"}.`,
      );
  }
}

const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

function text(value: unknown): string {
  return String(value);
}

function stringConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "string", ["minlength", "maxlength", "length"], rule);
  const length = integerOption(o, "length", rule);
  const min = integerOption(o, "minlength", rule) ?? 1;
  const max = integerOption(o, "maxlength", rule);
  return { regex: `[^/]{${length ?? `${min},${max ?? ""}`}}`, weight: 100, parse: (t) => t, format: text };
}

function checkRange(value: number, min: number | undefined, max: number | undefined): number {
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) throw new NoMatch();
  return value;
}

function intConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "int", ["min", "max", "signed", "fixed_digits"], rule);
  const min = integerOption(o, "min", rule);
  const max = integerOption(o, "max", rule);
  const digits = integerOption(o, "fixed_digits", rule) ?? 0;
  return {
    regex: o.named.signed === true ? "-?\\d+" : "\\d+",
    weight: 50,
    parse(t) {
      if (digits > 0 && t.length !== digits) throw new NoMatch();
      const value = Number(t);
      // Beyond 2^53 a number would silently become its neighbour: refuse instead.
      if (!Number.isSafeInteger(value)) throw new NoMatch();
      return checkRange(value, min, max);
    },
    format(value) {
      if (
        typeof value !== "number" &&
        typeof value !== "bigint" &&
        !(typeof value === "string" && /^-?\d+$/.test(value))
      )
        throw new NoMatch("it must be an integer");
      if (typeof value === "number" && !Number.isSafeInteger(value))
        throw new NoMatch("it must be an integer below 2^53");
      if (Number(value) < 0 && o.named.signed !== true)
        throw new NoMatch("it must not be negative (use int(signed=True))");
      return String(value).padStart(digits, "0");
    },
  };
}

function floatConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "float", ["min", "max", "signed"], rule);
  const min = integerOption(o, "min", rule);
  const max = integerOption(o, "max", rule);
  return {
    regex: o.named.signed === true ? "-?\\d+\\.\\d+" : "\\d+\\.\\d+",
    weight: 50,
    parse: (t) => checkRange(Number(t), min, max),
    format(value) {
      const number =
        typeof value === "number"
          ? value
          : typeof value === "string" && value.trim() !== ""
            ? Number(value)
            : Number.NaN;
      if (!Number.isFinite(number)) throw new NoMatch("it must be a finite number");
      const shown = String(number);
      // The rule matches digits, a point and digits only, so "3" is written "3.0" and exponents are spelt out.
      if (/e/i.test(shown)) return number.toFixed(Math.abs(number) < 1 ? 20 : 1).replace(/(\.\d+?)0+$/, "$1");
      return shown.includes(".") ? shown : `${shown}.0`;
    },
  };
}

function pathConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "path", [], rule);
  return { regex: "[^/].*?", weight: 200, multiSegment: true, parse: (t) => t, format: text };
}

function uuidConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "uuid", [], rule);
  const regex = "[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}";
  const whole = new RegExp(`^${regex}$`);
  return {
    regex,
    weight: 100,
    parse: (t) => t.toLowerCase(),
    format(value) {
      if (!whole.test(String(value))) throw new NoMatch("it must be a UUID");
      return String(value);
    },
  };
}

function anyConverter(o: ConverterOptions, rule: string): Converter<unknown> {
  onlyOptions(o, "any", [], rule);
  const items = o.positional.map(String);
  if (items.length === 0)
    throw new WebError(
      "route",
      `In the rule '${rule}' the converter 'any' needs its choices, as in <any(help, about):page>.`,
    );
  return {
    regex: `(?:${items.map(escapeRegex).join("|")})`,
    weight: 100,
    multiSegment: items.some((item) => item.includes("/")),
    parse: (t) => t,
    format(value) {
      if (!items.includes(String(value)))
        throw new NoMatch(`it must be one of ${items.map((i) => `'${i}'`).join(", ")}`);
      return String(value);
    },
  };
}

/** The converters every app starts with. */
export const builtinConverters: ReadonlyMap<string, ConverterFactory> = new Map<string, ConverterFactory>([
  ["default", stringConverter],
  ["string", stringConverter],
  ["int", intConverter],
  ["float", floatConverter],
  ["path", pathConverter],
  ["uuid", uuidConverter],
  ["any", anyConverter],
]);

/** Reads "(min=1, 'a b', x)" without its parentheses. */
export function parseConverterOptions(source: string, rule: string): ConverterOptions {
  const positional: (string | number | boolean)[] = [];
  const named: Record<string, string | number | boolean> = Object.create(null) as Record<
    string,
    string | number | boolean
  >;
  const item = /\s*(?:([A-Za-z_]\w*)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^,]*?))\s*(?:,|$)/y;
  while (item.lastIndex < source.length) {
    const at = item.lastIndex;
    const found = item.exec(source);
    if (found === null)
      throw new WebError(
        "route",
        `The options '${source.slice(at)}' in the rule '${rule}' cannot be read. Write name=value pairs or a list, separated by commas.`,
      );
    const [, key, double, single, bare] = found;
    const value = double ?? single ?? literal(bare ?? "");
    if (key === undefined) positional.push(value);
    else named[key] = value;
  }
  return { positional, named };
}

function literal(word: string): string | number | boolean {
  if (word === "True" || word === "true") return true;
  if (word === "False" || word === "false") return false;
  return /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : word;
}
