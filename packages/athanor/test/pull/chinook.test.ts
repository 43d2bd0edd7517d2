// Real input: Chinook as its authors wrote it for three databases. What is pulled compiles, maps the rows that are there,
// and makes a database that reflects as the first one does.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createEngine, type Engine, type ReflectedTable } from "@athanor/core";
import { type PulledModels, pullModels } from "@athanor/migrate";
import { mapperOf, Session } from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { differences, expectSameDatabase, PulledFiles, reflect } from "./pulled-file.js";

const data = process.env.CHINOOK_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data/chinook");
const dumps: Record<string, string> = {
  sqlite: "Chinook_Sqlite.sql",
  postgresql: "Chinook_PostgreSql.sql",
  mariadb: "Chinook_MySql.sql",
  mysql: "Chinook_MySql.sql",
};

/** Statements of a dump, without those that choose a database and psql's own commands. */
function statements(dump: string): string[] {
  const text = dump
    .replace(/^\uFEFF/, "")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\\.*$/gm, "")
    .replace(/^--.*$/gm, "");
  const found = text.match(/(?:'(?:[^']|'')*'|[^;'])+/g) ?? [];
  return found.map((s) => s.trim()).filter((s) => s !== "" && !/^(DROP|CREATE) DATABASE|^USE /i.test(s));
}

const missing = Object.values(dumps).some((file) => !existsSync(join(data, file)));
if (missing) process.stderr.write(`SKIPPED: no Chinook dumps in ${data}; set CHINOOK_DATA\n`);

describeEachDatabase(
  missing ? "Chinook pulled: SKIPPED, no dumps" : "Chinook pulled",
  (target) => {
    if (missing) return it.skip("needs the dumps", () => {});
    const files = new PulledFiles();
    let engine: Engine;
    let before: readonly ReflectedTable[];
    let pulled: PulledModels;
    let path: string;
    beforeAll(async () => {
      engine = createEngine(await target.url());
      const script = statements(readFileSync(join(data, dumps[target.name] as string), "utf8"));
      const connection = await engine.connect();
      await connection.executeScript(`${script.join(";\n")};`);
      await connection.commit();
      await connection.close();
      before = await engine.begin(reflect);
      pulled = await engine.begin((c) => pullModels(c));
      path = await files.write(pulled.source);
    });
    afterAll(async () => {
      await engine?.dispose();
      await files.remove();
    });

    it("names classes, the link table and relationships", () => {
      const of = (name: string) =>
        pulled.names.get(target.name === "postgresql" ? name.replace(/(?<!^)([A-Z])/g, "_$1").toLowerCase() : name);
      expect([...pulled.names.values()].sort()).toEqual([
        "Album",
        "Artist",
        "Customer",
        "Employee",
        "Genre",
        "Invoice",
        "InvoiceLine",
        "MediaType",
        "Playlist",
        "Track",
        "playlistTrack",
      ]);
      expect(of("PlaylistTrack")).toBe("playlistTrack");
      const { source } = pulled;
      for (const line of [
        'return manyToOne(Artist, { backPopulates: "albums", nullable: false });',
        'return oneToMany(Album, { backPopulates: "artist" });',
        'return manyToMany(Track, { secondary: playlistTrack, backPopulates: "playlists" });',
        'return manyToMany(Playlist, { secondary: playlistTrack, backPopulates: "tracks" });',
        'return manyToOne(Employee, { backPopulates: "employees", remoteSide: "employeeId" });',
        'return manyToOne(Employee, { backPopulates: "customers" });',
      ])
        expect(source).toContain(line);
      // snake_case names are what the strategy gives back by itself.
      expect(source.includes(".named(")).toBe(target.name !== "postgresql");
    });
    it("is the same text every time", async () => {
      const again = await engine.begin((c) => pullModels(c));
      expect(again.source).toBe(pulled.source);
    });
    it("compiles under strict TypeScript, and is used with its types", async () => {
      const usage = `
        import { Session } from "@athanor/orm";
        import { select } from "@athanor/core";
        import { Album, Artist, Employee, Playlist, Track } from "./${path.split("/").at(-1)}";
        export async function use(session: Session): Promise<string | null> {
          const album = (await session.get(Album, 1)) as Album;
          const title: string = album.title;
          const artist: Artist = await album.artist;
          const tracks: Track[] = await album.tracks;
          const lists: Playlist[] = await (tracks[0] as Track).playlists;
          const boss: Employee | null = await ((await session.get(Employee, 2)) as Employee).reportsToEmployee;
          const rows = await session.execute(select(Track.c.name, Album.c.title).outerJoin(Track.c.album));
          const nullable: string | null = (rows[0] as (typeof rows)[number]).title;
          // @ts-expect-error a title is a string
          const wrong: number = album.title;
          return [title, artist.name, lists.length, boss?.lastName, nullable, wrong].join();
        }`;
      expect(await files.diagnostics(path, "node_modules/typescript", usage)).toBe("");
      // The older compiler takes ten seconds; its answer cannot depend on the database.
      if (target.name === "sqlite")
        expect(await files.diagnostics(path, "node_modules/typescript-5.9", usage)).toBe("");
    }, 120_000);
    it("maps the rows that are there, relationships both ways", async () => {
      const models = await files.load(path);
      models.Base.registry.configure();
      const session = new Session(engine);
      // The classes are known at run time only.
      const get = async (name: string, id: number) =>
        (await session.get(models[name] as never, id as never)) as unknown as Record<string, never>;
      const track = await get("Track", 1);
      const album = (await track.album) as unknown as {
        title: string;
        artist: PromiseLike<{ name: string }>;
        tracks: PromiseLike<unknown[]>;
      };
      expect(album.title).toBe("For Those About To Rock We Salute You");
      expect((await album.artist).name).toBe("AC/DC");
      expect((await album.tracks).length).toBe(10);
      expect((await (track.playlists as unknown as PromiseLike<unknown[]>)).length).toBe(3);
      const boss = await get("Employee", 1);
      const reports = (await boss.employees) as unknown as { lastName: string }[];
      expect(reports.map((e) => e.lastName).sort()).toEqual(["Edwards", "Mitchell"]);
      await session.close();
    });
    it("finds no difference between a database made from it and the first one", async () => {
      const models = await files.load(path);
      expect(
        mapperOf(models.Album)
          .relationships.map((r) => r.key)
          .sort(),
      ).toEqual(["artist", "tracks"]);
      expect(await differences(engine, models.Base.metadata)).toEqual([]);
      const fresh = createEngine(await target.url());
      try {
        // NVARCHAR of SQLite comes out as VARCHAR, which is the same there.
        await expectSameDatabase(before, models.Base.metadata, fresh, { exactTypes: target.name !== "sqlite" });
      } finally {
        await fresh.dispose();
      }
      expect(pulled.warnings).toEqual([]);
    });
  },
  { only: ["sqlite", "postgresql", "mariadb", "mysql"] },
);
