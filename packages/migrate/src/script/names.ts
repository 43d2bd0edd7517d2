/**
 * Names of new revision files: slug, date tokens, ids.
 */
import { randomBytes } from "node:crypto";
import { didYouMean } from "@athanor/core";
import { ScriptError } from "../errors.js";

/** A new random id: twelve hexadecimal digits. */
export function newRevisionId(): string {
  return randomBytes(6).toString("hex");
}

/**
 * Word characters of a message joined by `_`, lower case; beyond the limit cut at the last `_`, which then stays.
 * @example slugOf("Create users' table") // "create_users_table"
 */
export function slugOf(message: string, limit = 40): string {
  const slug = (message.match(/[\p{L}\p{M}\p{N}_]+/gu) ?? []).join("_").toLowerCase();
  if (slug.length <= limit) return slug;
  const cut = slug.slice(0, limit);
  const last = cut.lastIndexOf("_");
  return `${last < 0 ? cut : cut.slice(0, last)}_`;
}

/** A moment as wall-clock numbers. */
export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** "+01:00", or "" for local time. */
  readonly offset: string;
}

/**
 * The clock in a time zone (IANA name), or the machine's own.
 * @throws ScriptError `migrate.timezone`
 */
export function wallClock(date: Date, timezone?: string): WallClock {
  const millisecond = date.getMilliseconds();
  if (timezone === undefined) {
    return {
      year: date.getFullYear(),
      month: date.getMonth() + 1,
      day: date.getDate(),
      hour: date.getHours(),
      minute: date.getMinutes(),
      second: date.getSeconds(),
      millisecond,
      offset: "",
    };
  }
  const parts = new Map(
    zoneFormat(timezone)
      .formatToParts(date)
      .map((p) => [p.type, p.value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  return {
    year: number("year"),
    month: number("month"),
    day: number("day"),
    hour: number("hour"),
    minute: number("minute"),
    second: number("second"),
    millisecond,
    offset: (parts.get("timeZoneName") ?? "").replace(/^GMT$/u, "GMT+00:00").replace("GMT", ""),
  };
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const numeric = "numeric" as const;
  const options = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, hourCycle: "h23", timeZoneName: "longOffset", timeZone });
  } catch (cause) {
    throw new ScriptError("migrate.timezone", `Can't locate timezone: ${timezoneName(timeZone)}`, {
      cause,
      hint: "Use an IANA name such as 'Europe/Berlin' or 'UTC'.",
    });
  }
}

const timezoneName = (zone: string): string => zone || "''";
const pad = (value: number, width: number): string => String(value).padStart(width, "0");

/** `2026-11-21 03:05:49.123+01:00` */
export function dateText(clock: WallClock): string {
  const day = `${pad(clock.year, 4)}-${pad(clock.month, 2)}-${pad(clock.day, 2)}`;
  const time = `${pad(clock.hour, 2)}:${pad(clock.minute, 2)}:${pad(clock.second, 2)}.${pad(clock.millisecond, 3)}`;
  return `${day} ${time}${clock.offset}`;
}

export const defaultFileTemplate = "{rev}_{slug}";
const tokens = ["rev", "slug", "epoch", "year", "month", "day", "hour", "minute", "second"] as const;

export interface FileNameParts {
  readonly revision: string;
  readonly message: string;
  readonly date: Date;
  readonly timezone?: string | undefined;
  readonly slugLimit?: number | undefined;
}

/**
 * Fills a file name template, without extension. Tokens are `{rev}`, `{slug}`, `{epoch}`, `{year}`, `{month}`, `{day}`,
 * `{hour}`, `{minute}`, `{second}`; numbers take a width (`{month:2}`, the default for all but year and epoch).
 * Alembic's spelling is read too: `%(year)d_%(month).2d_%(rev)s`. A slash makes a sub-directory.
 * @throws ScriptError `migrate.file-template` for an unknown token or a path that leaves its directory
 */
export function fileNameOf(template: string, parts: FileNameParts): string {
  const clock = wallClock(parts.date, parts.timezone);
  const fill = (name: string, width: string | undefined, fallback: number): string => {
    switch (name) {
      case "rev":
        return parts.revision;
      case "slug":
        return slugOf(parts.message, parts.slugLimit);
      case "epoch":
        return String(Math.floor(parts.date.getTime() / 1000));
      case "year":
      case "month":
      case "day":
      case "hour":
      case "minute":
      case "second":
        return pad(clock[name], width === undefined ? (name === "year" ? 4 : fallback) : Number(width));
      default:
        throw new ScriptError(
          "migrate.file-template",
          `File name template '${template}' has the unknown token '${name}'`,
          {
            hint: didYouMean(name, tokens).trim() || `Tokens are ${tokens.join(", ")}.`,
          },
        );
    }
  };
  const name = template.replace(
    /%%|%\((\w+)\)(?:\.?0?(\d+))?[sd]|\{(\w+)(?::0?(\d+))?\}/gu,
    (
      all,
      old: string | undefined,
      oldWidth: string | undefined,
      token: string | undefined,
      width: string | undefined,
    ) => {
      if (all === "%%") return "%";
      return old === undefined ? fill(token!, width, 2) : fill(old, oldWidth, 1);
    },
  );
  if (
    !template.includes("rev") &&
    !template.includes("slug") &&
    !template.includes("epoch") &&
    !template.includes("second")
  ) {
    throw new ScriptError("migrate.file-template", `File name template '${template}' gives every file the same name`, {
      hint: `Put {rev} into it; the default is '${defaultFileTemplate}'.`,
    });
  }
  if (name.startsWith("/") || name.split("/").some((part) => part === ".." || part === "." || part === "")) {
    throw new ScriptError(
      "migrate.file-template",
      `File name template '${template}' gives the unusable name '${name}'`,
    );
  }
  return name;
}
