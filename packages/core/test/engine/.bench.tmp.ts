import { createEngine } from "/work/main/packages/core/src/engine/engine.js";
import { table } from "/work/main/packages/core/src/api/tables.js";
import { select } from "/work/main/packages/core/src/api/statements.js";
import { integer, string } from "/work/main/packages/core/src/api/columns.js";
import Database from "better-sqlite3";
import pg from "pg";
const t = table("bench_t", { id: integer().primaryKey(), name: string(50) });
const N = 20000;
async function time(label: string, f: () => Promise<void>) { await f(); const a = performance.now(); await f(); console.log(label, ((performance.now() - a) / N * 1000).toFixed(2), "us"); }
{
  const db = new Database(":memory:"); db.exec("create table bench_t (id integer primary key, name varchar(50)); insert into bench_t values (1, 'a')");
  const st = db.prepare("select id, name from bench_t where id = ?");
  await time("raw sqlite prepared get", async () => { for (let i = 0; i < N; i++) st.get(1); });
  const e = createEngine("sqlite://"); await e.begin((c) => c.executeScript("create table bench_t (id integer primary key, name varchar(50)); insert into bench_t values (1, 'a')"));
  const c = await e.connect();
  await time("execute(select) sqlite", async () => { for (let i = 0; i < N; i++) await c.execute(select(t.c.id, t.c.name).where(t.c.id.eq(1))).one(); });
  await time("execute(select).all sqlite", async () => { for (let i = 0; i < N; i++) await c.execute(select(t.c.id, t.c.name).where(t.c.id.eq(1))); });
  const hint = { prepare: true, returnsRows: true, exactIntegers: false };
  await time("send sqlite", async () => { for (let i = 0; i < N; i++) await c.send("select id, name from bench_t where id = ?", [1], hint); });
  await time("open/send/close sqlite", async () => { await c.close(); for (let i = 0; i < N; i++) { const d = await e.open(); await d.send("select id, name from bench_t where id = ?", [1], hint); await d.close(); } });
}
{
  const url = "postgresql://postgres@127.0.0.1:5432/postgres";
  const raw = new pg.Client({ connectionString: url }); await raw.connect();
  await raw.query("create temp table bench_t (id integer primary key, name varchar(50)); insert into bench_t values (1, 'a')");
  const q = { name: "x", text: "select id, name from bench_t where id = $1", rowMode: "array" as const };
  const M = N; 
  await time("raw pg named", async () => { for (let i = 0; i < M; i++) await raw.query({ ...q, values: [1] }); });
  await time("raw pg unnamed", async () => { for (let i = 0; i < M; i++) await raw.query({ text: q.text, rowMode: "array", values: [1] }); });
  await raw.end();
  const e = createEngine(url); const c = await e.connect();
  await c.executeScript("create temp table bench_t (id integer primary key, name varchar(50)); insert into bench_t values (1, 'a')");
  await time("execute(select) pg", async () => { for (let i = 0; i < M; i++) await c.execute(select(t.c.id, t.c.name).where(t.c.id.eq(1))).one(); });
  await time("send pg", async () => { for (let i = 0; i < M; i++) await c.send("select id, name from bench_t where id = $1", [1], { prepare: true, returnsRows: true, exactIntegers: false }); });
  await c.close();
  await time("begin+select+rollback pg", async () => { for (let i = 0; i < M; i++) { const d = await e.open(); await d.send("select 1", [], { prepare: true, returnsRows: true, exactIntegers: false }); await d.close(); } });
}
