/**
 * Dates and times. Data are ISO texts ("2026-03-01", "2026-03-01T10:00:00", "10:00:00"), as DATE and TIME columns give
 * them: what was typed is what is stored, in any time zone. Date-time fields can give `Date` objects on request.
 */
import { ValidationError } from "../errors.js";
import type { FieldOptions, FormValue, Widget } from "../types.js";
import { dateInput, dateTimeInput, dateTimeLocalInput, monthInput, timeInput, weekInput } from "../widgets/inputs.js";
import { FieldBase } from "./base.js";
import { compileFormat, formatMoment, type Moment, parseMoment } from "./strftime.js";
import { type Unbound, unbound } from "./unbound.js";

/** Which wall clock a `Date` object stands for; "utc" unless given. */
export type Clock = "utc" | "local";

/** `format`: one strftime pattern or several; all are accepted, the first one is rendered. */
export interface TemporalOptions<T> extends FieldOptions<T> {
  readonly format?: string | readonly string[];
  readonly clock?: Clock;
}

abstract class TemporalField<T> extends FieldBase<T> {
  readonly formats: readonly string[];
  readonly clock: Clock;
  #moment: Moment | null = null;
  #momentOf: T | null = null;

  constructor(...args: ConstructorParameters<typeof FieldBase<T>>) {
    super(...args);
    const { format, clock = "utc" } = args[2] as TemporalOptions<T>;
    this.formats = format === undefined ? this.defaultFormats() : typeof format === "string" ? [format] : format;
    for (const pattern of this.formats) compileFormat(pattern);
    this.clock = clock;
  }

  protected abstract defaultFormats(): readonly string[];
  protected abstract refusal(): string;
  /** The field's data for a moment. */
  protected abstract pack(moment: Moment): T;
  /** The moment of data that came from the object side, null when it is none. */
  protected abstract unpack(value: unknown): Moment | null;

  override processData(value: unknown): void {
    this.data = null;
    if (value === null || value === undefined || value === "") return;
    const moment = this.unpack(value);
    if (moment === null) throw new ValidationError(this.gettext(this.refusal()));
    this.take(moment);
  }

  override processFormdata(values: readonly FormValue[]): void {
    if (values.length === 0) return;
    const text = values.join(" ");
    for (const format of this.formats) {
      const moment = parseMoment(text, format);
      if (moment !== null) {
        this.take(moment);
        return;
      }
    }
    this.data = null;
    throw new ValidationError(this.gettext(this.refusal()));
  }

  override htmlValue(): string | false {
    if (this.rawData !== null && this.rawData.length > 0) return this.rawData.join(" ");
    if (this.data === null) return "";
    const moment = this.data === this.#momentOf ? this.#moment : this.unpack(this.data);
    return moment === null ? String(this.data) : formatMoment(moment, this.formats[0]!);
  }

  private take(moment: Moment): void {
    this.#moment = moment;
    this.data = this.pack(moment);
    this.#momentOf = this.data;
  }
}

const two = (value: number): string => String(value).padStart(2, "0");
const isoDate = (m: Moment): string => `${String(m.year).padStart(4, "0")}-${two(m.month)}-${two(m.day)}`;
const isoTime = (m: Moment): string =>
  `${two(m.hour)}:${two(m.minute)}:${two(m.second)}${m.microsecond === 0 ? "" : `.${String(m.microsecond).padStart(6, "0")}`}`;

function fromDate(date: Date, clock: Clock): Moment | null {
  if (Number.isNaN(date.getTime())) return null;
  const microsecond = date.getMilliseconds() * 1000;
  return clock === "utc"
    ? {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
        second: date.getUTCSeconds(),
        microsecond,
      }
    : {
        year: date.getFullYear(),
        month: date.getMonth() + 1,
        day: date.getDate(),
        hour: date.getHours(),
        minute: date.getMinutes(),
        second: date.getSeconds(),
        microsecond,
      };
}

function toDate(m: Moment, clock: Clock): Date {
  const milliseconds = Math.floor(m.microsecond / 1000);
  const date = new Date(0);
  if (clock === "utc") {
    date.setUTCFullYear(m.year, m.month - 1, m.day);
    date.setUTCHours(m.hour, m.minute, m.second, milliseconds);
  } else {
    date.setFullYear(m.year, m.month - 1, m.day);
    date.setHours(m.hour, m.minute, m.second, milliseconds);
  }
  return date;
}

const dateTimePatterns = ["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"];
const timePatterns = ["%H:%M:%S.%f", "%H:%M:%S", "%H:%M"];

// A zone suffix on ISO text says how the wall clock relates to UTC; the wall clock itself is what a form shows.
function readIso(value: unknown, patterns: readonly string[], clock: Clock): Moment | null {
  if (value instanceof Date) return fromDate(value, clock);
  const text = String(value)
    .trim()
    .replace(" ", "T")
    .replace(/(?:Z|[+-]\d{2}:?\d{2})$/, (zone, at: number) => (at > 10 ? "" : zone));
  for (const pattern of patterns) {
    const moment = parseMoment(text, pattern);
    if (moment !== null) return moment;
  }
  return null;
}

class DateTimeTextField extends TemporalField<string | Date> {
  static override readonly type: string = "DateTimeField";
  readonly mode: "string" | "date";

  constructor(...args: ConstructorParameters<typeof FieldBase<string | Date>>) {
    super(...args);
    this.mode = (args[2] as { mode?: "string" | "date" }).mode ?? "string";
  }

  protected override defaultFormats(): readonly string[] {
    return ["%Y-%m-%d %H:%M:%S"];
  }

  protected override refusal(): string {
    return "Not a valid datetime value.";
  }

  protected override pack(moment: Moment): string | Date {
    return this.mode === "date" ? toDate(moment, this.clock) : `${isoDate(moment)}T${isoTime(moment)}`;
  }

  protected override unpack(value: unknown): Moment | null {
    return readIso(value, dateTimePatterns, this.clock);
  }

  protected override defaultWidget(): Widget {
    return dateTimeInput();
  }
}

class DateTimeLocalField extends DateTimeTextField {
  static override readonly type = "DateTimeLocalField";
  // The first one is what HTML wants to see; browsers leave out seconds that are zero.
  protected override defaultFormats(): readonly string[] {
    return ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
  }

  protected override defaultWidget(): Widget {
    return dateTimeLocalInput();
  }
}

class DateField extends TemporalField<string> {
  static override readonly type: string = "DateField";
  protected override defaultFormats(): readonly string[] {
    return ["%Y-%m-%d"];
  }

  protected override refusal(): string {
    return "Not a valid date value.";
  }

  protected override pack(moment: Moment): string {
    return isoDate(moment);
  }

  protected override unpack(value: unknown): Moment | null {
    return readIso(value, dateTimePatterns, this.clock);
  }

  protected override defaultWidget(): Widget {
    return dateInput();
  }
}

class MonthField extends DateField {
  static override readonly type = "MonthField";
  protected override defaultFormats(): readonly string[] {
    return ["%Y-%m"];
  }

  protected override unpack(value: unknown): Moment | null {
    return readIso(value, [...dateTimePatterns, "%Y-%m"], this.clock);
  }

  protected override defaultWidget(): Widget {
    return monthInput();
  }
}

class WeekField extends DateField {
  static override readonly type = "WeekField";
  protected override defaultFormats(): readonly string[] {
    return ["%G-W%V"];
  }

  protected override refusal(): string {
    return "Not a valid week value.";
  }

  protected override unpack(value: unknown): Moment | null {
    return readIso(value, [...dateTimePatterns, "%G-W%V"], this.clock);
  }

  protected override defaultWidget(): Widget {
    return weekInput();
  }
}

class TimeField extends TemporalField<string> {
  static override readonly type = "TimeField";
  // Browsers send seconds as soon as `step` is below a minute.
  protected override defaultFormats(): readonly string[] {
    return ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f"];
  }

  protected override refusal(): string {
    return "Not a valid time value.";
  }

  protected override pack(moment: Moment): string {
    return isoTime(moment);
  }

  protected override unpack(value: unknown): Moment | null {
    return readIso(value, [...timePatterns, ...dateTimePatterns], this.clock);
  }

  protected override defaultWidget(): Widget {
    return timeInput();
  }
}

/** A calendar date, data "2026-03-01". */
export function dateField(label?: string, options: TemporalOptions<string> = {}): Unbound<string> {
  return unbound(DateField, label, options);
}

/** A time of day, data "10:30:00". */
export function timeField(label?: string, options: TemporalOptions<string> = {}): Unbound<string> {
  return unbound(TimeField, label, options);
}

/** A month, data its first day: "2026-03-01". */
export function monthField(label?: string, options: TemporalOptions<string> = {}): Unbound<string> {
  return unbound(MonthField, label, options);
}

/** An ISO week, data its Monday: "2026-03-02" for 2026-W10. */
export function weekField(label?: string, options: TemporalOptions<string> = {}): Unbound<string> {
  return unbound(WeekField, label, options);
}

type TextMode = TemporalOptions<string> & { readonly mode?: "string" };
/** `mode: "date"` gives `Date` objects, whose `clock` ("utc" or "local") shows the typed time. */
type DateMode = TemporalOptions<Date> & { readonly mode: "date" };

/** A date and time, data "2026-03-01T10:30:00", or a `Date` with `mode: "date"`. */
export function dateTimeField(label: string | undefined, options: DateMode): Unbound<Date>;
export function dateTimeField(label?: string, options?: TextMode): Unbound<string>;
export function dateTimeField(label?: string, options: TextMode | DateMode = {}): Unbound<string | Date> {
  return unbound(DateTimeTextField, label, options as TemporalOptions<string | Date>);
}

/** The same for `<input type="datetime-local">`. */
export function dateTimeLocalField(label: string | undefined, options: DateMode): Unbound<Date>;
export function dateTimeLocalField(label?: string, options?: TextMode): Unbound<string>;
export function dateTimeLocalField(label?: string, options: TextMode | DateMode = {}): Unbound<string | Date> {
  return unbound(DateTimeLocalField, label, options as TemporalOptions<string | Date>);
}
