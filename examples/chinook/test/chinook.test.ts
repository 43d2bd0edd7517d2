// Chinook on every database: the known facts of the shop, and that three levels and three databases give one answer.

import { describeEachDatabase } from "@athanor/test-support";
import { createEngine, type Engine, func, inspect, Session, select } from "athanor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../ask.js";
import { loadChinook, missingData } from "../load.js";
import { Album, Artist, Base, Customer, Employee, Genre, Invoice, Playlist, Track } from "../models.js";
import { type Answer, questions } from "../questions.js";

const missing = missingData();
if (missing !== undefined) {
  process.stderr.write(`SKIPPED examples/chinook: ${missing}\n`);
  describe.skip(`Chinook [SKIPPED: ${missing}]`, () => {
    it("needs its data", () => {});
  });
} else chinook();

/** The first database's answers; every other one is compared with them. */
const reference = new Map<string, { database: string; answer: Answer }>();

function chinook() {
  describeEachDatabase("Chinook", (target) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      const inserted = await loadChinook(engine);
      // Rows of each INSERT block of the dump, counted outside of Athanor (grep and wc).
      expect(Object.fromEntries(inserted)).toEqual({
        genre: 25,
        media_type: 5,
        artist: 275,
        album: 347,
        track: 3503,
        employee: 8,
        customer: 59,
        invoice: 412,
        invoice_line: 2240,
        playlist: 18,
        playlist_track: 8715,
      });
    }, 120_000);
    afterAll(() => engine.dispose());

    it("has all tables, with their foreign keys", async () => {
      await using connection = await engine.connect();
      const found = await inspect(connection);
      expect([...(await found.tableNames())].sort()).toEqual([...Base.metadata.tableNames].sort());
      const keys = await found.foreignKeys("track");
      expect(keys.map((key) => key.referredTable).sort()).toEqual(["album", "genre", "media_type"]);
    });

    it("has the known facts", async () => {
      await using session = new Session(engine);
      expect(await session.query(Artist).count()).toBe(275);
      expect(await session.query(Album).count()).toBe(347);
      expect(await session.query(Track).count()).toBe(3503);
      expect(await session.query(Customer).count()).toBe(59);
      expect(await session.query(Invoice).count()).toBe(412);
      expect(await session.scalar(select(func.sum(Invoice.c.total)))).toBe("2328.60");
      const acdc = await session.query(Artist).filterBy({ name: "AC/DC" }).one();
      expect((await acdc.albums).map((album) => album.title)).toEqual([
        "For Those About To Rock We Salute You",
        "Let There Be Rock",
      ]);
      const boss = await session.query(Employee).filterBy({ reportsTo: null }).one();
      expect([boss.fullName, boss.birthDate?.toISOString()]).toEqual(["Andrew Adams", "1962-02-18T00:00:00.000Z"]);
      expect((await boss.reports).map((employee) => employee.fullName).sort()).toEqual([
        "Michael Mitchell",
        "Nancy Edwards",
      ]);
      const music = await session.get(Playlist, 1);
      expect(await music?.tracks).toHaveLength(3290);
      // Text that a careless loader breaks: an apostrophe, a backslash, letters beyond ASCII.
      expect((await session.get(Track, 3))?.name).toBe("Fast As a Shark");
      expect((await session.get(Track, 3435))?.name).toBe("Cavalleria Rusticana \\ Act \\ Intermezzo Sinfonico");
      expect((await session.get(Customer, 1))?.lastName).toBe("Gonçalves");
    });

    for (const question of questions) {
      it(`${question.title}: the three levels and the databases agree`, async () => {
        const { raw, expressions, orm } = await ask(engine, question);
        expect(raw.length).toBeGreaterThan(0);
        expect(raw.every((row) => row.length === question.headings.length)).toBe(true);
        expect(expressions).toEqual(raw);
        expect(orm).toEqual(raw);
        const first = reference.get(question.title) ?? { database: target.name, answer: raw };
        reference.set(question.title, first);
        expect({ database: first.database, answer: raw }).toEqual(first);
      });
    }

    it("gives the answers everybody knows", async () => {
      const answer = async (title: string) => {
        const found = questions.find((question) => question.title.startsWith(title));
        if (found === undefined) throw new Error(`no question ${title}`);
        return (await ask(engine, found)).orm;
      };
      expect(await answer("Albums")).toHaveLength(3503);
      const revenue = await answer("Revenue");
      expect(revenue).toHaveLength(24);
      expect(revenue[0]).toEqual(["USA", 91, "523.06"]);
      expect((await answer("Employees"))[2]).toEqual(["Peacock", "Sales Support Agent", "Edwards"]);
      expect((await answer("Playlists"))[0]).toEqual([1, "Music", 3290]);
      expect((await answer("The ten artists"))[0]).toEqual(["Iron Maiden", 140, "138.60"]);
      expect((await answer("The ten customers"))[0]).toEqual(["Holý", "Czech Republic", 7, "49.62"]);
      const months = await answer("Invoices per month");
      expect(months).toHaveLength(60);
      expect(months.reduce((sum, row) => sum + Number(row[2]), 0)).toBe(412);
      // 3503 tracks, of which 1984 were sold at least once.
      expect((await answer("Tracks never sold")).reduce((sum, row) => sum + Number(row[1]), 0)).toBe(3503 - 1984);
    });

    it("refuses a second load and leaves the shop as it was", async () => {
      await expect(loadChinook(engine)).rejects.toMatchObject({ name: "IntegrityError" });
      await using session = new Session(engine);
      expect(await session.query(Genre).count()).toBe(25);
    });
  });
}
