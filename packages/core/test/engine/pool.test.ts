import { describe, expect, it } from "vitest";
import type { DriverConnection } from "../../src/dialects/driver.js";
import { type Lease, Pool, type PoolOptions } from "../../src/engine/pool.js";

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
async function exposeGc(): Promise<() => void> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
