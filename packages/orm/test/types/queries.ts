/** Queries: every line that must not compile says so. */
import { and, bigInteger, cast, exists, float, func, integer, literal, or, select, sql, string, table, when, type NeedsAwait } from "@athanor/core";
import { aliased, containsEager, joinedLoad, prepare, selectinLoad, type Collection, type Loaded, type Session } from "@athanor/orm";
import { Comment, Money, Post, Profile } from "./models/post.js";
import { User } from "./models/user.js";
import { Tag, userTags } from "./models/tag.js";
import { Node, Order, OrderLine } from "./models/order.js";

/** Exact type equality, both ways. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function expect<T>(value: T): { is<U>(...wrong: Same<T, U> extends true ? [] : [U]): void };

export async function rows(session: Session) {
  // by position and by name
  const [row] = await session.execute(select(User.c.id, User.c.username.as("who"), Post.c.timestamp).join(User.c.posts));
  const [id, who, at] = row!;
  expect(id).is<number>(); expect(who).is<string>(); expect(at).is<Date>();
  expect(row!.id).is<number>(); expect(row!.who).is<string>(); expect(row!.timestamp).is<Date>();
  // @ts-expect-error the label replaced the name
  row!.username;

  // entity + column, entity by name
  const [pair] = await session.execute(select(User, func.count(Post.c.id).as("n")).join(User.c.posts).groupBy(User.c.id));
  expect(pair![0]).is<User>(); expect(pair!.n).is<number>(); expect(pair!.User).is<User>();
  expect(await session.scalars(select(User)).all()).is<User[]>();
  expect(await session.scalars(select(User.c.email)).first()).is<string | null>();

  // outer joins
  const [o] = await session.execute(select(User.c.id, Post.c.title, Post).outerJoin(User.c.posts));
  expect(o!.id).is<number>(); expect(o!.title).is<string | null>(); expect(o![2]).is<Post | null>();
  const [c] = await session.execute(select(func.coalesce(Post.c.title, "-").as("t"), Post.c.title.concat("!").as("u"), func.coalesce(Post.c.title, Post.c.body).as("v")).outerJoin(User.c.posts));
  expect(c!.t).is<string>(); expect(c!.u).is<string | null>(); expect(c!.v).is<string | null>();
  const [f] = await session.execute(select(User.c.id, Profile.c.bio).fullJoin(Profile, Profile.c.id.eq(User.c.id)));
  expect(f!.id).is<number | null>();

  // aliases
  const boss = aliased(User, "boss"), child = aliased(Node, "child");
  const [a] = await session.execute(select(User.c.id, boss, boss.c.username).outerJoin(boss, boss.c.id.eq(User.c.id)));
  expect(a!.id).is<number>(); expect(a!.boss).is<User | null>(); expect(a!.username).is<string | null>();
  select(Node, child).outerJoin(Node.c.children.ofType(child));
  // @ts-expect-error an alias cannot be instantiated
  new boss();

  // subqueries, CTEs, set operations
  const counts = select(Post.c.userId, func.count().as("n")).groupBy(Post.c.userId).subquery("counts");
  const [s] = await session.execute(select(User.c.username, counts.c.n).outerJoin(counts, counts.c.userId.eq(User.c.id)));
  expect(s!.n).is<number | null>();
  counts.c.n.add(1);
  // @ts-expect-error no such column in the subquery
  counts.c.nn;
  const top = select(User).where(User.c.id.lt(5)).cte("top");
  expect((await session.execute(select(top.c.email)))[0]!.email).is<string | null>();
  select(User.c.id, User.c.username).union(select(Tag.c.id, Tag.c.name)).orderBy(User.c.id).subquery("u").c.username.like("a%");
  // @ts-expect-error columns of different types
  select(User.c.id).union(select(User.c.username));
  // @ts-expect-error a different number of columns
  select(User.c.id).union(select(User.c.id, User.c.id));
  const latest = select(func.max(Post.c.timestamp)).where(Post.c.userId.eq(User.c.id)).scalar();
  expect((await session.execute(select(latest.as("latest"))))[0]!.latest).is<Date | null>();
  select(User).where(exists(select(Post.c.id)), User.c.id.in(select(Post.c.userId)), User.c.id.in([1, 2]));

  // functions, case, cast
  const [x] = await session.execute(select(
    func.sum(Post.c.score).as("sum"), func.lower(User.c.email).as("lower"), when(User.c.id.gt(3), "many").when(User.c.id.gt(1), "few").else("one").as("word"),
    when(User.c.id.gt(3), 1).end().as("maybe"), cast(User.c.id, string()).as("text"), cast(User.c.email, bigInteger()).as("big"), func.call("similarity", float(), User.c.username, "x").as("sim"), literal(3, integer()).as("three"),
    Post.c.timestamp.extract("year").as("year"), Post.c.meta.get("lang").asText().as("lang"), Post.c.views.add(1n).as("views"),
  ));
  expect(x!.sum).is<number | null>(); expect(x!.lower).is<string | null>(); expect(x!.text).is<string>(); expect(x!.big).is<bigint | null>();
  expect(x!.sim).is<number>(); expect(x!.three).is<number>(); expect(x!.year).is<number>(); expect(x!.lang).is<string | null>(); expect(x!.views).is<bigint>();
  expect(x!.word).is<string>(); expect(x!.maybe).is<number | null>();

  // operands
  select(User).where(or(User.c.email.eq(null), User.c.email.eq(User.c.username), User.c.username.eq(User.c.email)), Post.c.fee.eq(new Money(3)));
  Post.c.status.eq("draft"); Post.c.labels.has("x"); Post.c.userId.eq(User.c.id); and(Post.c.author.eq(null as unknown as User), User.c.posts.any(Post.c.title.like("x%")));
  // @ts-expect-error another type
  User.c.username.eq(4);
  // @ts-expect-error not one of the values
  Post.c.status.eq("drft");
  // @ts-expect-error never null
  User.c.username.eq(null);
  // @ts-expect-error a number has no like
  User.c.id.like("x%");
  // @ts-expect-error bigint, not number
  Post.c.views.eq(1);
  // @ts-expect-error a plain expression is no criterion
  select(User).where(User.c.id);
  // @ts-expect-error no such key in the document
  Post.c.meta.get("lng");
  // @ts-expect-error no such column
  User.c.usernme;

  // prepared: parameters are declared, so their values are checked and converted
  const byName = prepare({ name: string(), min: integer() }, (p) => select(User.c.id, User.c.email).where(User.c.username.eq(p.name), User.c.id.gt(p.min)));
  expect((await byName.execute(session, { name: "x", min: 3 }))[0]!.email).is<string | null>();
  // @ts-expect-error min is missing
  byName.execute(session, { name: "x" });
  // @ts-expect-error min is a number
  prepare({ min: integer() }, (p) => select(User).where(User.c.username.eq(p.min)));

  // core tables take part like models
  const cars = table("cars", { id: integer().primaryKey(), make: string(), length: integer(), ownerId: integer().nullable().references("user.id") });
  const [car] = await session.execute(select(cars.c.id, cars.c.make, cars.c.length.as("len"), User).join(User, User.c.id.eq(cars.c.ownerId)));
  expect(car!.make).is<string>(); expect(car!.len).is<number>(); expect(car!.User).is<User>();
  select(userTags.c.tagId).where(userTags.c.userId.eq(1));
  expect((await session.execute(select(cars)))[0]!.cars.make).is<string>();
  sql`select * from cars where make = ${"x"}`;
}

export async function identity(session: Session) {
  expect(await session.get(User, 1)).is<User | null>();
  await session.get(OrderLine, [1, 2]); await session.get(OrderLine, { orderId: 1, lineNo: 2 });
  await Order.query().getOr404(3);
  // @ts-expect-error a number
  session.get(User, "1");
  // @ts-expect-error two columns
  session.get(OrderLine, 1);
  // @ts-expect-error two columns
  session.get(OrderLine, [1]);
  const loaded = await session.get(User, 1, { options: [joinedLoad(User.c.posts)] });
  loaded!.posts.map((p) => p.title);
}

export async function loading(session: Session) {
  const user = new User({ username: "x", posts: [new Post({ title: "t" })] });
  for (const p of await user.posts) { (await p.author).shout; (await p.editor)?.shout; }
  // @ts-expect-error not awaited
  user.posts.map((p) => p);
  // @ts-expect-error `then` is for await only: a loaded collection has none
  user.posts.then((p) => p);
  const [all, one] = await Promise.all([user.posts, new Post().author]);
  all[0]?.title; one.username;
  // @ts-expect-error raise: must be loaded by an option
  user.strict.map((p) => p);
  // @ts-expect-error write only
  await user.archive.all();
  await user.feed.filter(Post.c.id.gt(3)).all(); user.archive.add(new Post());
  // @ts-expect-error a dynamic relationship cannot be loaded by an option
  joinedLoad(User.c.feed);
  // @ts-expect-error a column is no relationship
  joinedLoad(User.c.username);

  // three levels, to-many and to-one, several options(), mixed strategies
  const [u] = await session.scalars(select(User)
    .options(joinedLoad(User.c.posts).selectinLoad(Post.c.comments).joinedLoad(Comment.c.replyTo))
    .options(selectinLoad(User.c.posts).options(joinedLoad(Post.c.author), selectinLoad(Post.c.editor)), joinedLoad(User.c.profile), selectinLoad(User.c.strict)));
  u!.posts[0]!.comments[0]!.replyTo?.text.trim();
  u!.posts[0]!.author.shout.trim();
  u!.posts[0]!.editor?.username;
  u!.profile?.bio;
  u!.strict.map((p) => p.title);
  u!.visit(); u!.posts.push(new Post()); u!.posts.remove(u!.posts[0]!);
  for (const p of u!.posts) for (const k of p.comments) k.post.title.trim();
  u!.posts.flatMap((p) => p.comments).map((k) => k.text);
  (await u!.posts)[0]!.title; // awaiting what is loaded is harmless, but forgets the levels below:
  // @ts-expect-error do not await what is loaded
  (await u!.posts)[0]!.comments.length;
  // @ts-expect-error editor's posts were not loaded
  u!.posts[0]!.editor!.posts.length;
  // @ts-expect-error nullable: null must be handled
  u!.profile.bio;

  // containsEager; through a non-null to-one
  const [p] = await session.scalars(select(Post).join(Post.c.author).options(containsEager(Post.c.author).selectinLoad(User.c.tags)));
  p!.author.tags.map((t) => t.name);
  // @ts-expect-error a loader that starts elsewhere
  select(User).options(joinedLoad(Post.c.author));
  // @ts-expect-error Comment is not reached from posts
  joinedLoad(User.c.posts).joinedLoad(Comment.c.post);

  // two entities, each with its own paths
  const [both] = await session.execute(select(User, Post).join(User.c.posts).options(joinedLoad(User.c.profile), joinedLoad(Post.c.comments)));
  both!.User.profile?.bio; both!.Post.comments.length;
  // @ts-expect-error only the other one was loaded
  both!.User.posts.length;

  // assignability
  const entity: User = u!;
  const less: Loaded<User, { posts: {} }> = u!;
  const render = (x: Loaded<User, { posts: { comments: {} } }>) => x.posts.map((q) => q.comments.length);
  render(u!);
  const [plain] = await session.scalars(select(User));
  // @ts-expect-error its posts are not loaded
  render(plain!);
  const [shallow] = await session.scalars(select(User).options(joinedLoad(User.c.posts)));
  // @ts-expect-error the comments are not loaded
  render(shallow!);
  expect(shallow!).is<Loaded<User, { posts: {} }>>();
  const q = await User.query().filterBy({ username: "Amy" }).options(joinedLoad(User.c.posts)).first();
  q?.posts[0]?.title;
  const [mapped] = await session.scalars(select(Comment));
  mapped!.post.title.trim(); // mapped as lazy: "joined"
  const body: string | NeedsAwait<string> = mapped!.post.body;
  (await mapped!.post.body).trim();
  const collection: Collection<Post> = u!.posts;
  // @ts-expect-error a filter takes columns and relationships, not methods
  User.query().filterBy({ visit: 1 });
  // @ts-expect-error a misspelt key
  User.query().filterBy({ usernme: "x" });
  return [entity, less, body, collection];
}
