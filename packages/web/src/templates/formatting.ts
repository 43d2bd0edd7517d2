/**
 * Python's two ways to format text, printf-style (`"%05.2f" % x`) and braces (`"{0:>8}".format(x)`), because template
 * authors use both. Values are made text through callbacks, so that `Markup` can escape them on the way.
 */
import { TemplateRuntimeError } from "./errors.js";

export interface FormatHooks {
  /** How a value becomes text for `%s` and plain `{}`. */
  readonly text: (value: unknown) => string;
  /** How a value becomes text for `%r` and `{!r}`. */
  readonly repr: (value: unknown) => string;
  /** `{a.b}` and `{a[b]}`; must refuse unsafe names. */
  readonly attribute: (value: unknown, name: string) => unknown;
}

const asNumber = (value: unknown, conversion: string): number | bigint => {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  throw new TemplateRuntimeError(`format: '${conversion}' needs a number, got ${typeof value}.`);
};

const grouped = (digits: string, separator: string): string => digits.replace(/\B(?=(\d{3})+(?!\d))/g, separator);

/** Exponent with at least two digits, as C prints it. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");

function general(value: number, precision: number, keepZeros: boolean): string {
  if (!Number.isFinite(value)) return String(value);
  const p = precision === 0 ? 1 : precision;
  if (value === 0) return "0";
  const e = Number(value.toExponential(p - 1).split("e")[1]);
  const trim = (s: string) => (keepZeros || !s.includes(".") ? s : s.replace(/\.?0+$/, ""));
  if (e < -4 || e >= p) {
    const [mantissa = "", exp = ""] = value.toExponential(p - 1).split("e");
    return exponent(`${trim(mantissa)}e${exp}`);
  }
  return trim(value.toFixed(p - 1 - e));
}

/** `toFixed` that works for any precision and keeps bigint digits. */
function fixed(value: number | bigint, precision: number): string {
  if (typeof value === "bigint") return precision === 0 ? String(value) : `${value}.${"0".repeat(precision)}`;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  return exactFixed(value, precision);
}

/**
 * Decimal digits of a number, rounded at `precision`: halves that a double holds exactly go to the even neighbour, as in
 * Python; `toFixed` would always round them up.
 */
export function exactFixed(value: number, precision: number): string {
  if (precision > 60 || Math.abs(value) >= 1e21) return value.toFixed(Math.min(precision, 100));
  const places = precision + 40;
  const exact = Math.abs(value).toFixed(places);
  const rest = exact.slice(exact.length - 40);
  const digits = BigInt(exact.slice(0, exact.length - 40).replace(".", ""));
  const half = `5${"0".repeat(39)}`;
  const up = rest > half || (rest === half && digits % 2n === 1n);
  const whole = String(up ? digits + 1n : digits).padStart(precision + 1, "0");
  const point = whole.length - precision;
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + (precision === 0 ? whole : `${whole.slice(0, point)}.${whole.slice(point)}`);
}

function digits(value: number | bigint, type: string, precision: number | undefined): string {
  switch (type) {
    case "d":
    case "i":
    case "u":
      return typeof value === "bigint" ? String(value) : BigInt(Math.trunc(value)).toString();
    case "x":
      return value.toString(16);
    case "X":
      return value.toString(16).toUpperCase();
    case "o":
      return value.toString(8);
    case "b":
      return value.toString(2);
    case "e":
    case "E": {
      const text = exponent(Number(value).toExponential(precision ?? 6));
      return type === "E" ? text.toUpperCase() : text;
    }
    case "g":
    case "G": {
      const text = general(Number(value), precision ?? 6, false);
      return type === "G" ? text.toUpperCase() : text;
    }
    case "%":
      return `${fixed(Number(value) * 100, precision ?? 6)}%`;
    default:
      return fixed(value, precision ?? 6);
  }
}

/**
 * printf-style formatting.
 * @param template text with `%s`, `%d`, `%(name)s`, flags, width and precision
 * @param values positional values, or `named` for `%(name)s`
 * @throws TemplateRuntimeError when values are missing, left over or of the wrong kind
 */
export function percentFormat(
  template: string,
  values: readonly unknown[],
  named: (name: string) => unknown,
  hooks: FormatHooks,
): string {
  let next = 0;
  let usedNames = false;
  const take = (): unknown => {
    if (next >= values.length) throw new TemplateRuntimeError("format: not enough values for the format string.");
    return values[next++];
  };
  const out = template.replace(
    /%(?:\(([^)]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([a-zA-Z%]?)/g,
    (_all, name: string | undefined, flags: string, w: string | undefined, p: string | undefined, type: string) => {
      if (type === "%") return "%";
      if (!/^[diouxXeEfFgGcrsa]$/.test(type)) {
        throw new TemplateRuntimeError(`format: unsupported conversion '%${type}'; write '%%' for a percent sign.`);
      }
      const width = w === "*" ? Number(take()) : Number(w ?? 0);
      const precision = p === "*" ? Number(take()) : p === undefined ? undefined : Number(p);
      if (name !== undefined) usedNames = true;
      const value = name === undefined ? take() : named(name);
      let text: string;
      let numeric = true;
      if (type === "s" || type === "r" || type === "a") {
        text = type === "s" ? hooks.text(value) : hooks.repr(value);
        if (precision !== undefined) text = text.slice(0, precision);
        numeric = false;
      } else if (type === "c") {
        text = typeof value === "number" ? String.fromCodePoint(value) : hooks.text(value);
        numeric = false;
      } else {
        text = digits(asNumber(value, `%${type}`), type, precision);
        if (flags.includes("+") && !text.startsWith("-")) text = `+${text}`;
        else if (flags.includes(" ") && !text.startsWith("-")) text = ` ${text}`;
      }
      if (flags.includes("-")) return text.padEnd(width);
      if (numeric && flags.includes("0")) {
        const sign = /^[+\- ]/.test(text) ? text.slice(0, 1) : "";
        return sign + text.slice(sign.length).padStart(width - sign.length, "0");
      }
      return text.padStart(width);
    },
  );
  if (!usedNames && next < values.length) {
    throw new TemplateRuntimeError("format: more values than the format string takes.");
  }
  return out;
}

const SPEC = /^(?:(.)?([<>=^]))?([+\- ]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/su;

/** One value through a format specification such as `>8`, `,.2f`, `05d`. */
export function formatSpec(value: unknown, spec: string, hooks: FormatHooks): string {
  if (spec === "") return hooks.text(value);
  const m = SPEC.exec(spec);
  if (m === null) throw new TemplateRuntimeError(`format: '${spec}' is not a format specification.`);
  const [, fillChar, align, sign = "", , zero, w, group, p, type = ""] = m;
  const width = Number(w === "" ? 0 : w);
  const isNumber = typeof value === "number" || typeof value === "bigint";
  let text: string;
  if (isNumber && type !== "s") {
    const precision = p === undefined ? undefined : Number(p);
    if (type === "c") text = String.fromCodePoint(Number(value));
    else if (type === "" || type === "n")
      text = precision === undefined ? String(value) : general(Number(value), precision, false);
    else text = digits(value, type, precision);
    if (group !== undefined && group !== "") {
      const [whole = "", rest] = text.split(".");
      text = grouped(whole, group) + (rest === undefined ? "" : `.${rest}`);
    }
    if ((sign === "+" || sign === " ") && !text.startsWith("-")) text = sign + text;
  } else {
    if (type !== "" && type !== "s") asNumber(value, type);
    text = hooks.text(value);
    if (p !== undefined) text = text.slice(0, Number(p));
  }
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  const fill = fillChar ?? (zero === "0" ? "0" : " ");
  const side = align ?? (zero === "0" && isNumber ? "=" : isNumber ? ">" : "<");
  if (side === "<") return text + fill.repeat(missing);
  if (side === ">") return fill.repeat(missing) + text;
  if (side === "=") {
    const lead = /^[+\- ]/.test(text) ? text.slice(0, 1) : "";
    return lead + fill.repeat(missing) + text.slice(lead.length);
  }
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

/**
 * Brace formatting: `{}`, `{0}`, `{name}`, `{a.b}`, `{a[b]}`, `{!r}`, `{:spec}`.
 * @throws TemplateRuntimeError when a field is missing or a brace stands alone
 */
export function braceFormat(
  template: string,
  values: readonly unknown[],
  named: Readonly<Record<string, unknown>>,
  hooks: FormatHooks,
): string {
  let automatic = 0;
  const field = (expression: string): unknown => {
    const m = /^([^.[]*)(.*)$/s.exec(expression);
    const head = m?.[1] ?? "";
    const key = head === "" ? String(automatic++) : head;
    let value: unknown;
    if (/^\d+$/.test(key)) {
      if (Number(key) >= values.length) throw new TemplateRuntimeError(`format: there is no value number ${key}.`);
      value = values[Number(key)];
    } else {
      if (!Object.hasOwn(named, key)) throw new TemplateRuntimeError(`format: there is no value named '${key}'.`);
      value = named[key];
    }
    for (const step of (m?.[2] ?? "").matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      value = hooks.attribute(value, step[1] ?? step[2] ?? "");
    }
    return value;
  };
  const fill = (text: string, depth: number): string => {
    let out = "";
    let i = 0;
    while (i < text.length) {
      const c = text[i] as string;
      if ((c === "{" || c === "}") && text[i + 1] === c && depth === 0) {
        out += c;
        i += 2;
      } else if (c === "}") {
        throw new TemplateRuntimeError("format: single '}' in the format string; write '}}'.");
      } else if (c !== "{") {
        out += c;
        i++;
      } else {
        let end = i + 1;
        for (let open = 1; end < text.length; end++) {
          if (text[end] === "{") open++;
          else if (text[end] === "}" && --open === 0) break;
        }
        if (end >= text.length) throw new TemplateRuntimeError("format: single '{' in the format string; write '{{'.");
        const m = /^([^!:]*)(?:!([rsa]))?(?::(.*))?$/s.exec(text.slice(i + 1, end));
        if (m === null || depth > 1) throw new TemplateRuntimeError("format: replacement field is not valid.");
        const value = field(m[1] ?? "");
        const spec = fill(m[3] ?? "", depth + 1);
        out +=
          m[2] === undefined
            ? formatSpec(value, spec, hooks)
            : formatSpec((m[2] === "s" ? hooks.text : hooks.repr)(value), spec, hooks);
        i = end + 1;
      }
    }
    return out;
  };
  return fill(template, 0);
}
