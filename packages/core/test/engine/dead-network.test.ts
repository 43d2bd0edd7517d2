/** A network that swallows everything without a word: with limits nothing waits for it for ever, whatever was under way. */
import { createServer, type Server, Socket } from "node:net";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { createEngine, type Engine, PendingRollbackError, sql } from "../../src/index.js";

/** A way to the database that can be made to swallow what is sent. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #dead = false;
  private constructor(host: string, port: number) {
    this.#server = createServer((near) => {
      const far = new Socket();
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
      }
      if (this.#dead) return;
      far.connect(port, host);
      near.on("data", (bytes) => this.#dead || far.write(bytes));
      far.on("data", (bytes) => this.#dead || near.write(bytes));
      near.on("end", () => this.#dead || far.end());
      far.on("end", () => this.#dead || near.end());
    });
  }
  static async to(url: string): Promise<{ readonly wire: Wire; readonly url: string }> {
    const through = new URL(url);
    const wire = new Wire(through.hostname, Number(through.port));
    await new Promise<void>((resolve) => wire.#server.listen(0, "127.0.0.1", resolve));
    through.port = String((wire.#server.address() as { port: number }).port);
    return { wire, url: through.href };
  }
  die(): void {
    this.#dead = true;
  }
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describeEachDatabase(
  "on a dead network",
  (target) => {
    const within = async (work: Promise<unknown>): Promise<unknown> => {
      const begun = performance.now();
      const failure = await work.then(
        () => "no failure",
        (error: unknown) => error,
      );
      expect(performance.now() - begun, "milliseconds").toBeLessThan(9000);
      return failure;
    };
    const timedOut = (failure: unknown) =>
      expect(failure).toMatchObject({ code: "statement.timeout", message: expect.stringContaining("longer than") });
    /** An engine of one connection that was used already, on a wire of its own. */
    const alone = async (work: (engine: Engine, die: () => void) => Promise<void>): Promise<void> => {
      const { wire, url } = await Wire.to(await target.url());
      const engine = createEngine(url, { poolSize: 1, maxOverflow: 0 });
      try {
        await engine.begin((conn) => conn.execDriverSql("select 1").scalar());
        await work(engine, () => wire.die());
        expect(engine.pool.status().checkedOut).toBe(0);
      } finally {
        wire.close();
        await engine.dispose().catch(() => {});
      }
    };
    const select = sql`select 1 as one`;

    it("the limits hold for a statement with its BEGIN, savepoints, the end of a transaction and cursors", async () => {
      await Promise.all([
        alone(async (engine, die) => {
          await using conn = await engine.connect();
          die();
          timedOut(await within(conn.execute(select, {}, { timeout: 60 }).all()));
          // Where BEGIN goes out by itself there is no transaction; where the statement brings it, it is lost with it.
          expect(conn.inTransaction).toBe(target.name === "postgresql");
          expect(conn.isInvalidated).toBe(true);
        }),
        alone(async (engine, die) => {
          await using conn = await engine.connect({ executionOptions: { timeout: 60 } });
          await conn.execute(select);
          die();
          timedOut(await within(conn.beginNested()));
          await expect(conn.execute(select)).rejects.toThrow(PendingRollbackError);
        }),
        alone(async (engine, die) => {
          timedOut(
            await within(
              engine.begin(
                async (conn) => {
                  await conn.execute(select);
                  const point = await conn.beginNested();
                  die();
                  await point.commit();
                },
                { timeout: 300 },
              ),
            ),
          );
        }),
        alone(async (engine, die) => {
          const failure = await within(
            engine.begin(
              async (conn) => {
                await conn.execute(select);
                die();
              },
              { timeout: 300 },
            ),
          );
          timedOut(failure);
          expect((failure as Error).message).toMatch(/did not answer: whether it has saved is not known/);
        }),
        alone(async (engine, die) => {
          const failure = await within(
            engine.begin(
              async (conn) => {
                await conn.execute(select);
                die();
                throw new Error("of the program");
              },
              { timeout: 300 },
            ),
          );
          expect(failure).toEqual(new Error("of the program"));
        }),
        alone(async (engine, die) => {
          // More than what is on its way when the wire dies: what all had arrived by then would be no failure.
          const rows = sql`with recursive n as (select 1 as i union all select i + 1 from n where i < 900) select a.i, ${"x".repeat(900)} as x from n as a cross join n as b where b.i < 50`;
          await using conn = await engine.connect();
          const seen: unknown[] = [];
          const read = async () => {
            for await (const part of conn.execute(rows, {}, { timeout: 400 }).partitions(5)) {
              seen.push(part);
              die();
            }
          };
          const failure = await within(read());
          timedOut(failure);
          expect(seen.length).toBeGreaterThan(0);
        }),
      ]);
    }, 30_000);
  },
  { only: ["postgresql", "mariadb", "mysql"] },
);
