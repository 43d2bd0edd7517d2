/**
 * 22: a chain of 200 rows is loaded exactly as deep as said, and the statement caches do not grow with the depth.
 * After SQLAlchemy orm/test_recursive_loaders DeepRecursiveTest.
 */
import { createEngine, insert, integer, select } from "@athanor/core";
import {
  declarativeBase,
  immediateLoad,
  inspect,
  manyToOne,
  oneToMany,
  SESSION,
  Session,
  selectinLoad,
} from "@athanor/orm";
import { describeEachDatabase } from "@athanor/test-support";
import { expect, it } from "vitest";
import { setUp } from "../query/blog.js";

const Base = declarativeBase();
class Node extends Base("Node", {
  id: integer().primaryKey(),
  parentId: integer().nullable().references("node.id"),
  get parent() {
    return manyToOne(Node, { backPopulates: "children", remoteSide: "id" });
  },
  get children() {
    return oneToMany(Node, { backPopulates: "parent" });
  },
}) {}

describeEachDatabase("22: recursion as deep as said", (target) => {
  const at = setUp(target, Base.metadata, async (engine) => {
    await engine.begin(async (connection) => {
      for (let id = 1; id <= 200; id++)
        await connection.execute(insert(Node).values({ id, parentId: id > 1 ? id - 1 : null }));
    });
  });
  const assertDepth = (root: Node, depth: number) => {
    let node: Node | undefined = root;
    for (let level = 0; level <= depth && node !== undefined; level++) {
      expect(inspect(node).unloaded, `level ${level} of ${depth}`).not.toContain("children");
      node = (node as unknown as { children: Node[] }).children[0];
    }
    if (node !== undefined) expect(inspect(node).unloaded).toContain("children");
  };
  const limited = async (loader: typeof selectinLoad, depth: number, deepest: number) => {
    const engine = createEngine(at.engine.url);
    let grown = 0;
    for (let round = 0; round < 2; round++) {
      await using session = new Session(engine);
      const statement = select(Node)
        .where(Node.c.id.eq(1))
        .options(loader(Node.c.children, { recursionDepth: depth }));
      const root = await session.scalars(statement).one();
      assertDepth(root as unknown as Node, deepest);
      grown = session[SESSION].planCache(engine).size + engine.cache.size;
    }
    await engine.dispose();
    expect(grown).toBeGreaterThan(1);
    expect(grown).toBeLessThan(6);
  };
  for (const [name, loader] of [
    ["selectin", selectinLoad],
    ["immediate", immediateLoad],
  ] as const) {
    it.each([1, 15, 25, 78, 185])(`${name} %i`, (depth) => limited(loader, depth, depth));
    it(`${name} without end`, () => limited(loader, -1, 200));
  }
});
