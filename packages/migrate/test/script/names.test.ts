/** File names and dates of new revisions; slugs as Alembic makes them. */
import { describe, expect, it } from "vitest";
import { dateText, fileNameOf, newRevisionId, slugOf, wallClock } from "../../src/script/index.js";

const date = new Date("2026-03-04T05:06:07.089Z");
const parts = { revision: "8dbf09d5c896", message: "users table", date, timezone: "UTC" };

describe("slugs", () => {
  it.each([
    ["users table", "users_table"],
    ["create the owners' table!", "create_the_owners_table"],
    ["", ""],
    ["Größe ändern", "größe_ändern"],
    ["this is a very long name that goes on and on and on", "this_is_a_very_long_name_that_goes_on_"],
    ["x".repeat(50), `${"x".repeat(40)}_`],
  ])("%j is %j", (message, slug) => {
    expect(slugOf(message)).toBe(slug);
  });
});

describe("file names", () => {
  it.each([
    ["{rev}_{slug}", "8dbf09d5c896_users_table"],
    ["{year}_{month}_{day}_{hour}{minute}-{rev}_{slug}", "2026_03_04_0506-8dbf09d5c896_users_table"],
    ["{year}/{month}/{rev}", "2026/03/8dbf09d5c896"],
    ["{epoch}_{slug}", "1772600767_users_table"],
    ["%(rev)s_%(slug)s", "8dbf09d5c896_users_table"],
    ["%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s".replaceAll("%%", "%"), "2026_03_04_8dbf09d5c896"],
    ["%(month)d-%(rev)s", "3-8dbf09d5c896"],
  ])("%s", (template, name) => {
    expect(fileNameOf(template, parts)).toBe(name);
  });

  it("an empty message leaves the underscore, as in 8938cfaeed68_", () => {
    expect(fileNameOf("{rev}_{slug}", { ...parts, revision: "8938cfaeed68", message: "" })).toBe("8938cfaeed68_");
  });

  it.each(["{revv}_{slug}", "{year}", "../{rev}", "/{rev}", "a//{rev}"])("%s is refused", (template) => {
    expect(() => fileNameOf(template, parts)).toThrow(/File name template/);
  });
});

describe("dates", () => {
  it("are told in the zone asked for", () => {
    expect(dateText(wallClock(date, "UTC"))).toBe("2026-03-04 05:06:07.089+00:00");
    expect(dateText(wallClock(date, "Asia/Kolkata"))).toBe("2026-03-04 10:36:07.089+05:30");
    expect(dateText(wallClock(date))).toMatch(/^2026-03-0\d \d\d:\d\d:07\.089$/);
    expect(() => wallClock(date, "Mars/Olympus")).toThrow("Can't locate timezone: Mars/Olympus");
  });

  it("ids are twelve hexadecimal digits", () => {
    expect(newRevisionId()).toMatch(/^[0-9a-f]{12}$/);
  });
});
