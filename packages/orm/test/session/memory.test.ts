/** What sessions leave behind: nothing; and what a flush looks at: what changed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createEngine, integer, select, string } from "@athanor/core";
import { declarativeBase, manyToOne, oneToMany, Session } from "@athanor/orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const heap = async (): Promise<number> => {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const Base = declarativeBase();
class Bin extends Base("Bin", {
  id: integer().primaryKey(),
  name: string(40),
  get parts() {
    return oneToMany(Part, { backPopulates: "bin" });
  },
}) {}
class Part extends Base("Part", {
  id: integer().primaryKey(),
  name: string(40),
  binId: integer().references("bin.id"),
  get bin() {
    return manyToOne(Bin, { backPopulates: "parts" });
  },
}) {}

const count = 10_000;
const engine = createEngine("sqlite://");
beforeAll(async () => {
  await Base.metadata.createAll(engine);
  await using session = new Session(engine);
  const bin = new Bin({ name: "bin" });
  session.add(bin);
  await session.flush();
  session.addAll(Array.from({ length: count }, (_, i) => new Part({ name: `part ${i}`, binId: bin.id })));
  await session.commit();
});
afterAll(() => engine.dispose());

describe("the heap", () => {
  const conversation = async (related = true): Promise<Part> => {
    await using session = new Session(engine);
    const parts = await session.scalars(select(Part)).all();
    if (related) {
      const [bin] = await session.scalars(select(Bin)).all();
      expect((await bin?.parts)?.length).toBe(count);
    }
    (parts[7] as Part).name = "changed";
    await session.flush();
    return parts[3] as Part;
  };
  it("is back at its floor when sessions of 10,000 objects are closed", async () => {
    // In a function of its own: the last object must not live on in a register of this one.
    const several = async (times: number) => {
      for (let i = 0; i < times; i++) await conversation();
    };
    await several(3);
    const floor = await heap();
    await several(8);
    // One session alone holds about 3 MB.
    expect((await heap()) - floor).toBeLessThan(1.5);
  }, 120_000);
  // Whose relationships lead to others holds those, of course.
  it("holds of a closed session only the objects that the program holds", async () => {
    for (let i = 0; i < 3; i++) await conversation(false);
    const floor = await heap();
    const held: Part[] = [];
    for (let i = 0; i < 8; i++) held.push(await conversation(false));
    expect((await heap()) - floor).toBeLessThan(1.5);
    expect(held.map((part) => part.name)).toEqual(new Array(8).fill("part 3"));
  }, 120_000);
});

describe("a flush with 10,000 loaded objects", () => {
  it("looks at those that changed and at no other", async () => {
    await using session = new Session(engine);
    const parts = await session.scalars(select(Part)).all();
    const looked = new Set<Part>();
    for (const part of parts) {
      for (const slot of ["$$f", "$$m", "$$o", "$$h", "$name"]) {
        let value = (part as unknown as Record<string, unknown>)[slot];
        Object.defineProperty(part, slot, {
          get: () => {
            looked.add(part);
            return value;
          },
          set: (next) => {
            value = next;
          },
        });
      }
    }
    await session.flush();
    expect(looked.size).toBe(0);
    const [, second] = parts as [Part, Part];
    second.name = "other";
    looked.clear();
    await session.flush();
    expect([...looked]).toEqual([second]);
  });
});
