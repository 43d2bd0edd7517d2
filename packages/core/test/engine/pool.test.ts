import { describe, expect, it } from "vitest";
import type { DriverConnection } from "../../src/dialects/driver.js";
import { Pool, type PoolOptions } from "../../src/engine/pool.js";
import type { Lease } from "../../src/engine/pool-record.js";
import { DisconnectionError } from "../../src/errors/errors.js";

/** A driver connection that remembers what was done to it. */
class Fake {
  alive = true;
  log: string[] = [];
  pingFails = false;
  raw = null;
  rollback() {
    this.log.push("rollback");
  }
  commit() {
    this.log.push("commit");
  }
  ping() {
    this.log.push("ping");
    if (this.pingFails) throw new Error("gone");
  }
  close() {
    this.alive = false;
    this.log.push("close");
  }
  terminate() {
    this.alive = false;
    this.log.push("terminate");
  }
}
function setup(options: PoolOptions = {}, open: (n: number) => Promise<void> = async () => {}) {
  const made: Fake[] = [];
  let n = 0;
  const pool = new Pool(async () => {
    await open(++n);
    const fake = new Fake();
    made.push(fake);
    return fake as unknown as DriverConnection;
  }, options);
  return { pool, made, take: async () => await pool.acquire() };
}
const fakeOf = (lease: Lease) => lease.connection as unknown as Fake;

describe("the pool", () => {
  it("answers at once with an idle connection and keeps `size` of them", async () => {
    const { pool, made, take } = setup({ size: 2, maxOverflow: 1 });
    const leases = [await take(), await take(), await take()];
    expect(pool.status()).toEqual({ size: 2, checkedOut: 3, idle: 0, overflow: 1, waiting: 0 });
    for (const lease of leases) pool.release(lease, true);
    expect(pool.status()).toMatchObject({ checkedOut: 0, idle: 2, overflow: 0 });
    expect(made.filter((f) => f.log.includes("close"))).toHaveLength(1);
    const again = pool.acquire();
    expect(again).not.toBeInstanceOf(Promise);
    expect(fakeOf(again as Lease).log).toEqual([]);
  });
  it("rolls back what was left open, and only that", async () => {
    const { pool, take } = setup();
    const lease = await take();
    pool.release(lease, false);
    expect(fakeOf(lease).log).toEqual(["rollback"]);
    pool.release(lease, false);
    expect(fakeOf(lease).log).toEqual(["rollback"]);
  });
  it("gives up after the timeout, and says how many are in use", async () => {
    const { pool, take } = setup({ size: 1, maxOverflow: 0, timeout: 0.03 });
    await take();
    await expect(take()).rejects.toMatchObject({
      code: "pool.timeout",
      message: expect.stringContaining("the only connection"),
    });
    expect(pool.status().waiting).toBe(0);
  });
  it("serves waiters in their order", async () => {
    const { pool, take } = setup({ size: 1, maxOverflow: 0 });
    const first = await take();
    const order: number[] = [];
    const waiting = [1, 2, 3].map((n) =>
      take().then((lease) => {
        order.push(n);
        pool.release(lease, true);
      }),
    );
    pool.release(first, true);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });
  it("wakes a waiter when a slot frees by invalidation", async () => {
    const { pool, take, made } = setup({ size: 1, maxOverflow: 0 });
    const first = await take();
    const next = take();
    pool.invalidate(first);
    expect(fakeOf(await next)).toBe(made[1]);
  });
  it("counts right when connecting fails, and lets the next one try", async () => {
    const { pool, take } = setup({ size: 1, maxOverflow: 0, timeout: 1 }, async (n) => {
      await new Promise((r) => setTimeout(r, 5));
      if (n === 1) throw new Error("refused");
    });
    const [a, b] = await Promise.allSettled([take(), take()]);
    expect([a.status, b.status]).toEqual(["rejected", "fulfilled"]);
    expect(pool.status().checkedOut).toBe(1);
  });
  it("does not let one hanging connect block the others", async () => {
    const { take } = setup({ size: 2, maxOverflow: 0 }, (n) => (n === 1 ? new Promise(() => {}) : Promise.resolve()));
    void take();
    await expect(take()).resolves.toBeDefined();
  });
  it("replaces connections older than a disconnect lazily, each at its own next checkout", async () => {
    const { pool, made, take } = setup({ size: 3 });
    const [a, b, c] = [await take(), await take(), await take()];
    pool.release(b, true);
    pool.invalidate(a, { all: true });
    expect(made.map((f) => f.alive)).toEqual([false, true, true]);
    await take();
    expect(made.map((f) => f.alive)).toEqual([false, false, true, true]);
    pool.release(c, true);
    expect(made[2]?.alive).toBe(false);
  });
  it("pings idle connections but not new ones; a failed ping replaces all", async () => {
    const { pool, made, take } = setup({ size: 2, prePing: true });
    const [a, b] = [await take(), await take()];
    expect(made.flatMap((f) => f.log)).toEqual([]);
    pool.release(a, true);
    pool.release(b, true);
    (made[0] as Fake).pingFails = true;
    const next = await take();
    expect(fakeOf(next)).toBe(made[2]);
    await take();
    expect((made[1] as Fake).log).toEqual(["close"]);
  });
  it("recycles by age at checkout", async () => {
    const { pool, made, take } = setup({ recycle: 0.01 });
    pool.release(await take(), true);
    await new Promise((r) => setTimeout(r, 20));
    expect(fakeOf(await take())).toBe(made[1]);
  });
  it("can hand out the last one returned first", async () => {
    for (const useLifo of [false, true]) {
      const { pool, take } = setup({ useLifo });
      const [a, b] = [await take(), await take()];
      pool.release(a, true);
      pool.release(b, true);
      expect((await take()).connection).toBe((useLifo ? b : a).connection);
    }
  });
  it("softly invalidated, finishes its use first", async () => {
    const { pool, made, take } = setup();
    const lease = await take();
    pool.invalidate(lease, { soft: true });
    expect(made[0]?.alive).toBe(true);
    pool.release(lease, true);
    expect(made[0]?.alive).toBe(false);
  });
  it("goes on after dispose; connections in use close when they come back", async () => {
    const { pool, made, take } = setup();
    const [a, b] = [await take(), await take()];
    pool.release(a, true);
    await pool.dispose();
    expect(made.map((f) => f.alive)).toEqual([false, true]);
    pool.release(b, true);
    expect(made.map((f) => f.alive)).toEqual([false, false]);
    expect(fakeOf(await take())).toBe(made[2]);
  });
  it("tells listeners", async () => {
    const { pool, take } = setup();
    const seen: string[] = [];
    for (const name of ["firstConnect", "connect", "checkout", "checkin", "reset", "invalidate", "close"] as const) {
      pool.events.on(name, () => void seen.push(name));
    }
    pool.release(await take(), false);
    pool.invalidate(await take());
    expect(seen).toEqual([
      "firstConnect",
      "connect",
      "checkout",
      "reset",
      "checkin",
      "checkout",
      "invalidate",
      "close",
    ]);
  });
  it("keeps five and lets ten more come, unless told otherwise; size 0 sets no limit", async () => {
    const { pool } = setup({ timeout: 0.01 });
    await Promise.all(Array.from({ length: 15 }, async () => pool.acquire()));
    expect(pool.status()).toMatchObject({ size: 5, checkedOut: 15, overflow: 10 });
    await expect(pool.acquire()).rejects.toMatchObject({ code: "pool.timeout" });
    const open = setup({ size: 0, maxOverflow: 0, timeout: 0.01 });
    const many = await Promise.all(Array.from({ length: 40 }, async () => open.pool.acquire()));
    for (const lease of many) open.pool.release(lease, true);
    expect(open.pool.status()).toMatchObject({ checkedOut: 0, idle: 40 });
  });
  it("ends what was left open as it is told: rollback, commit, or not at all", async () => {
    for (const resetOnReturn of ["rollback", "commit", "none"] as const) {
      const { pool, made, take } = setup({ resetOnReturn });
      pool.release(await take(), false);
      pool.release(await take(), true);
      expect(made[0]?.log).toEqual(resetOnReturn === "none" ? [] : [resetOnReturn]);
    }
  });
  it("lets a listener of reset end it in a way of its own, and waits for it", async () => {
    const { pool, made, take } = setup({ resetOnReturn: "none" });
    const seen: unknown[] = [];
    pool.events.on("reset", async ({ connection, clean, abandoned }) => {
      seen.push({ clean, abandoned });
      await new Promise((r) => setTimeout(r, 2));
      (connection as unknown as Fake).log.push("discard all");
    });
    const back = pool.release(await take(), false);
    expect(pool.status().idle).toBe(0);
    await back;
    expect(made[0]?.log).toEqual(["discard all"]);
    expect(seen).toEqual([{ clean: false, abandoned: false }]);
    pool.events.on("reset", () => Promise.reject(new Error("no")));
    await pool.release(await take(), true);
    expect(made[0]?.alive).toBe(false);
    expect(pool.status()).toMatchObject({ checkedOut: 0, idle: 0 });
  });
  it("opens anew for a connection refused at its checkout, twice at most, asking the listener again", async () => {
    const { pool, made, take } = setup();
    let refuse = 0;
    let asked = 0;
    pool.events.on("checkout", () => {
      asked++;
      if (refuse-- > 0) throw new DisconnectionError("too old");
    });
    pool.release(await take(), true);
    refuse = 2;
    asked = 0;
    expect(fakeOf(await take())).toBe(made[2]);
    expect(asked).toBe(3);
    expect(made.map((f) => f.alive)).toEqual([false, false, true]);
    refuse = 9;
    await expect(take()).rejects.toMatchObject({ code: "pool.refused", message: expect.stringContaining("too old") });
    expect(pool.status().checkedOut).toBe(1);
  });
  it("gives any other error of a checkout listener to the caller and keeps the connection", async () => {
    const { pool, made, take } = setup({ size: 1, maxOverflow: 0, timeout: 1 });
    let fail = true;
    pool.events.on("checkout", () => {
      if (fail) throw new Error("not now");
    });
    await expect(take()).rejects.toThrow("not now");
    fail = false;
    const lease = await take();
    const waiting = take();
    fail = true;
    pool.release(lease, true);
    await expect(waiting).rejects.toThrow("not now");
    expect(pool.status()).toMatchObject({ checkedOut: 0, idle: 1 });
    expect(made).toHaveLength(1);
  });
  it("replaces a connection that fails its ping, and gives up when new ones are refused", async () => {
    const { pool, made, take } = setup({ prePing: true });
    pool.release(await take(), true);
    (made[0] as Fake).pingFails = true;
    let refuse = 1;
    pool.events.on("checkout", () => {
      if (refuse-- > 0) throw new DisconnectionError("still settling");
    });
    expect(fakeOf(await take())).toBe(made[2]);
  });
  it("forgets what was noted of a connection when that is replaced", async () => {
    const { pool, take } = setup();
    const lease = await take();
    lease.record.info.set("noted", 1);
    pool.release(lease, true);
    expect((await take()).record.info.get("noted")).toBe(1);
    const other = await take();
    pool.invalidate(other, { all: true });
    expect((await take()).record.info.size).toBe(0);
  });
  it("keeps what was noted of a place in the pool for the connection opened there next", async () => {
    const { pool, made, take } = setup({ size: 1, maxOverflow: 1 });
    const lease = await take();
    lease.record.recordInfo.set("place", 1);
    pool.invalidate(lease);
    const connected: unknown[] = [];
    pool.events.on("connect", ({ recordInfo }) => void connected.push(recordInfo.get("place")));
    const second = await take();
    expect([second.record.recordInfo.get("place"), second.record.info.size, made.length]).toEqual([1, 0, 2]);
    // Overflow has a place of its own, which goes with it.
    const overflow = await take();
    expect(overflow.record.recordInfo.size).toBe(0);
    overflow.record.recordInfo.set("place", "overflow");
    pool.invalidate(overflow);
    expect((await take()).record.recordInfo.size).toBe(0);
    expect(connected).toEqual([1, undefined, undefined]);
  });
  it("keeps the notes of a place when its connection could not be opened, and when it was detached", async () => {
    const { pool, take, made } = setup({ size: 1, maxOverflow: 0 });
    (await take().then((lease) => (pool.detach(lease), lease))).record.recordInfo.set("place", 1);
    let fail = true;
    pool.events.on("connect", () => {
      if (fail) throw new Error("no");
    });
    await expect(take()).rejects.toThrow("no");
    fail = false;
    expect((await take()).record.recordInfo.get("place")).toBe(1);
    expect(made).toHaveLength(3);
  });
  it("forgets them with the pool's connections, and when nothing is pooled", async () => {
    const { pool, take } = setup({ size: 1, maxOverflow: 0 });
    const lease = await take();
    lease.record.recordInfo.set("place", 1);
    pool.release(lease, true);
    await pool.dispose();
    expect((await take()).record.recordInfo.size).toBe(0);
    const none = setup({ poolClass: "null" });
    const first = await none.take();
    first.record.recordInfo.set("place", 1);
    none.pool.release(first, true);
    expect((await none.take()).record.recordInfo.size).toBe(0);
  });
  it("detached, a connection frees its place at once and is closed when given back", async () => {
    const { pool, made, take } = setup({ size: 1, maxOverflow: 0, timeout: 1 });
    const seen: string[] = [];
    for (const name of ["detach", "reset", "checkin", "close", "closeDetached"] as const)
      pool.events.on(name, () => void seen.push(name));
    const lease = await take();
    pool.detach(lease);
    expect(fakeOf(await take())).toBe(made[1]);
    pool.release(lease, false);
    expect(made[0]?.log).toEqual(["rollback", "close"]);
    expect(seen).toEqual(["detach", "reset", "closeDetached"]);
    expect(pool.status().checkedOut).toBe(1);
  });
  it("null keeps nothing and waits for nobody", async () => {
    const { pool, made } = setup({ poolClass: "null", size: 1, maxOverflow: 0, timeout: 0.01 });
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const lease of leases) pool.release(lease, true);
    expect(made.map((f) => f.log)).toEqual([["close"], ["close"], ["close"]]);
    expect(pool.status()).toMatchObject({ checkedOut: 0, idle: 0 });
  });
  it("static has one connection for all, in turn; assertion says where it was taken", async () => {
    const one = setup({ poolClass: "static" });
    const first = await one.take();
    const second = one.take();
    one.pool.release(first, true);
    expect((await second).connection).toBe(first.connection);

    const { pool, take } = setup({ poolClass: "assertion" });
    const lease = await takenHere(take);
    await expect(take()).rejects.toMatchObject({
      code: "pool.assertion",
      message: expect.stringContaining("takenHere"),
    });
    pool.release(lease, true);
    pool.release(await take(), true);
    expect(() => new Pool(async () => ({}) as DriverConnection, { poolClass: "nul" as never })).toThrow(
      /Did you mean 'null'/,
    );
  });
  it("takes back a connection whose holder was garbage collected", async () => {
    const gc = (globalThis as { gc?: () => void }).gc ?? (await exposeGc());
    const { pool, take } = setup({ size: 1, maxOverflow: 0, timeout: 5 });
    const warned = new Promise<string>((resolve) => process.once("warning", (w) => resolve(w.name)));
    await (async () => pool.watch({}, await take()))();
    for (let i = 0; i < 50 && pool.status().checkedOut > 0; i++) {
      gc();
      await new Promise((r) => setTimeout(r, 5));
    }
    expect(await warned).toBe("AthanorLeakWarning");
    expect(fakeOf(await take()).log).toEqual(["rollback"]);
  });
});
async function takenHere(take: () => Promise<Lease>): Promise<Lease> {
  return await take();
}
async function exposeGc(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
