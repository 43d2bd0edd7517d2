/** What cannot be right in a declaration is refused when the mappers are configured, each with one sentence. */
import { integer, string, table } from "@athanor/core";
import { declarativeBase, Mixin, manyToMany, manyToOne, mapperOf, oneToMany, oneToOne } from "@athanor/orm";
import { expect, it } from "vitest";

const refuses = (model: unknown, message: RegExp) => expect(() => mapperOf(model)).toThrow(message);

it("a foreign key to an unknown table, with the name that was meant", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey() }) {}
  class Post extends Base("Post", { id: integer().primaryKey(), userId: integer().references("usr.id") }) {}
  refuses(Post, /Post\.userId.*usr.*Did you mean 'user/s);
  // The failure is remembered and said again, clearly.
  refuses(User, /Post\.userId/);
});
it("a relationship without a foreign key, with the column to add", () => {
  const Base = declarativeBase();
  class User extends Base("User", {
    id: integer().primaryKey(),
    get posts() {
      return oneToMany(Post);
    },
  }) {}
  class Post extends Base("Post", { id: integer().primaryKey() }) {}
  refuses(User, /User\.posts: no foreign key leads from Post to User.*userId: integer\(\)\.references\("user\.id"\)/);
});
it("a relationship on the wrong side", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey() }) {}
  class Post extends Base("Post", {
    id: integer().primaryKey(),
    userId: integer().references("user.id"),
    get users() {
      return oneToMany(User);
    },
  }) {}
  refuses(Post, /the foreign key 'userId' is on Post, so this side is a manyToOne/);
});
it("several foreign keys, naming the fix; foreignKeys chooses", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey() }) {}
  const columns = {
    id: integer().primaryKey(),
    authorId: integer().references("user.id"),
    editorId: integer().references("user.id"),
  };
  class Post extends Base("Post", {
    ...columns,
    get author() {
      return manyToOne(User);
    },
  }) {}
  refuses(Post, /several foreign keys.*\{ foreignKeys: "authorId" \} or \{ foreignKeys: "editorId" \}/);
  const Other = declarativeBase();
  class User2 extends Other("User", { id: integer().primaryKey() }) {}
  class Post2 extends Other("Post", {
    ...columns,
    get editor() {
      return manyToOne(User2, { foreignKeys: "editorId" });
    },
  }) {}
  expect(mapperOf(Post2).relationship("editor")?.pairs[0]?.local.key).toBe("editorId");
});
it("backPopulates that names a column, nothing, or another pair", () => {
  const Base = declarativeBase();
  class User extends Base("User", {
    id: integer().primaryKey(),
    get posts() {
      return oneToMany(Post, { backPopulates: "userId" });
    },
  }) {}
  class Post extends Base("Post", { id: integer().primaryKey(), userId: integer().references("user.id") }) {}
  refuses(User, /backPopulates names Post\.userId, which is a column/);
  const Third = declarativeBase();
  class A extends Third("A", {
    id: integer().primaryKey(),
    get bs() {
      return oneToMany(B, { backPopulates: "a" });
    },
  }) {}
  class B extends Third("B", {
    id: integer().primaryKey(),
    aId: integer().references("a.id"),
    get a() {
      return manyToOne(A, { backPopulates: "others" as never });
    },
  }) {}
  refuses(A, /backPopulates/);
});
it("nullable: false over a nullable foreign key", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey() }) {}
  class Post extends Base("Post", {
    id: integer().primaryKey(),
    userId: integer().nullable().references("user.id"),
    get user() {
      return manyToOne(User, { nullable: false });
    },
  }) {}
  refuses(Post, /\{ nullable: false \}, but its foreign key Post\.userId is nullable/);
});
it("two models on one table, two primary keys, none at all", () => {
  const Base = declarativeBase();
  Base("User", { id: integer().primaryKey() });
  expect(() => Base("Account", { id: integer().primaryKey() }, { tableName: "user" })).toThrow(
    /Table 'user' is declared twice.*Model\("User"\) and by Model\("Account"\)/,
  );
  const Second = declarativeBase();
  refuses(
    Second("Line", { a: integer().primaryKey(), b: integer().primaryKey() }),
    /'a' and 'b' are both \.primaryKey\(\).*primaryKey: \["a", "b"\]/,
  );
  const Third = declarativeBase();
  refuses(Third("Nothing", { a: integer() }), /Nothing has no primary key/);
});
it("members that hide a column: in the class, and as a field", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey(), name: string() }) {
    // @ts-expect-error the compiler refuses it as well
    override name() {
      return "x";
    }
  }
  refuses(User, /User\.name is a mapped attribute, but the class defines a member/);
});
it("a secondary table without a way back, and a self-referential one that does not say which side", () => {
  const Base = declarativeBase();
  const follows = table(
    "follows",
    { followerId: integer().references("user.id"), followedId: integer().references("user.id") },
    { primaryKey: ["followerId", "followedId"], metadata: Base.metadata },
  );
  class User extends Base("User", {
    id: integer().primaryKey(),
    get following() {
      return manyToMany(User, { secondary: follows });
    },
  }) {}
  refuses(User, /more than once.*remoteSide: "followerId" \} or \{ remoteSide: "followedId"/);
});
it("delete-orphan on the many side needs singleParent, wrong words get a suggestion", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey() }) {}
  class Post extends Base("Post", {
    id: integer().primaryKey(),
    userId: integer().references("user.id"),
    get user() {
      return manyToOne(User, { cascade: "all, delete-orphan" });
    },
  }) {}
  refuses(Post, /singleParent: true/);
  expect(() => oneToMany(User, { cascade: "all, delete-orfan" })).not.toThrow();
  const Other = declarativeBase();
  class A extends Other("A", {
    id: integer().primaryKey(),
    get bs() {
      return oneToMany(B, { cascade: "all, delete-orfan" });
    },
  }) {}
  class B extends Other("B", { id: integer().primaryKey(), aId: integer().references("a.id") }) {}
  refuses(A, /Did you mean 'delete-orphan'/);
});
it("unknown options, attributes and names", () => {
  const Base = declarativeBase();
  class User extends Base("User", { id: integer().primaryKey(), username: string() }) {}
  expect(() => new User({ usrname: "x" } as never)).toThrow(
    /there is no attribute 'usrname'\. Did you mean 'username'/,
  );
  expect(() => Base("X", { id: integer().primaryKey() }, { tableNme: "x" } as never)).toThrow(
    /Did you mean 'tableName'/,
  );
  expect(() => Base("User", { id: integer().primaryKey() })).toThrow(/two models named 'User'|declared twice/);
  expect(() => Base("Y", { then: integer() })).toThrow(/cannot be named 'then'/);
  expect(() => Base("Z", { x: 3 } as never)).toThrow(/'x' is neither a column/);
  expect(() => oneToMany(undefined)).toThrow(/the target is undefined/);
});

it("infers directions, composite keys, one-to-one and self-references", () => {
  const Base = declarativeBase();
  class User extends Base("User", {
    id: integer().primaryKey(),
    get profile() {
      return oneToOne(Profile, { backPopulates: "user" });
    },
  }) {}
  class Profile extends Base("Profile", {
    id: integer().references("user.id").primaryKey(),
    get user() {
      return oneToOne(User, { nullable: false, backPopulates: "profile" });
    },
  }) {}
  class Leaf extends Base("Leaf", {
    id: integer().primaryKey(),
    parentId: integer().nullable().references("leaf.id"),
    get children() {
      return oneToMany(Leaf, { backPopulates: "parent" });
    },
    get parent() {
      return manyToOne(Leaf, { backPopulates: "children", remoteSide: "id" });
    },
  }) {}
  expect(mapperOf(User).relationship("profile")?.direction).toBe("oneToMany");
  expect(mapperOf(Profile).relationship("user")).toMatchObject({ direction: "manyToOne", usesGet: true });
  expect(
    mapperOf(Leaf)
      .relationship("children")
      ?.pairs.map((p) => [p.local.key, p.remote.key]),
  ).toEqual([["id", "parentId"]]);
  expect(
    mapperOf(Leaf)
      .relationship("parent")
      ?.pairs.map((p) => [p.local.key, p.remote.key]),
  ).toEqual([["parentId", "id"]]);
  const leaf = new Leaf();
  const child = new Leaf({ parent: leaf });
  expect((leaf as unknown as { children: unknown[] }).children).toEqual([child]);
});
it("mixins bring columns and methods, a base its own; loaded and new objects run the constructor", () => {
  abstract class Root {
    describe() {
      return `a ${this.constructor.name}`;
    }
    static kind() {
      return "root";
    }
  }
  class Soft extends Mixin({ deletedAt: string().nullable() }) {
    get isDeleted() {
      return this.deletedAt !== null;
    }
  }
  const Base = declarativeBase(Root);
  class Order extends Base(
    "Order",
    { id: integer().primaryKey() },
    { mixins: [Soft, { note: string().default("-") }] },
  ) {
    #secret = 7;
    visits = 0;
    get secret() {
      return this.#secret;
    }
  }
  const order = new Order({ note: "x" });
  expect([order.describe(), Order.kind(), order.isDeleted, order.secret, order.visits, order.note]).toEqual([
    "a Order",
    "root",
    false,
    7,
    0,
    "x",
  ]);
  expect(mapperOf(Order).table.columns.map((c) => c.columnName)).toEqual(["id", "deleted_at", "note"]);
  expect(JSON.stringify(order)).toBe('{"note":"x"}');
});
