/** Compile-time promises: this file is type checked; each @ts-expect-error must be an error. */
import { expectTypeOf, test } from "vitest";
import {
  type App,
  blueprint,
  type Context,
  createApp,
  g,
  int,
  type RouteArgs,
  routesTable,
  urlFor,
} from "../src/index.js";

test("arguments are typed by the rule", () => {
  const app = createApp();
  app.get("/item/<int:id>/<path:rest>", function item(c) {
    expectTypeOf(c.args).toEqualTypeOf<{ readonly id: number; readonly rest: string }>();
    // @ts-expect-error no such parameter
    c.args.idd;
    // @ts-expect-error arguments are read-only
    c.args.id = 3;
    return c.args.rest;
  });
  app.route("/f/<float(min=1.5):f>/<uuid:u>/<any(a, b):x>/<plain>", { methods: ["POST"] }, function many(c) {
    expectTypeOf(c.args.f).toEqualTypeOf<number>();
    expectTypeOf(c.args.u).toEqualTypeOf<string>();
    expectTypeOf(c.args.x).toEqualTypeOf<string>();
    expectTypeOf(c.args.plain).toEqualTypeOf<string>();
    return "";
  });
  // @ts-expect-error an unknown converter yields an error type, not a value
  const bad = () => app.get("/x/<itn:id>", { name: "bad" }, (c) => c.args.id.toFixed());
  // @ts-expect-error the shortcut fixes the method
  const fixed = () => app.get("/y", { methods: ["POST"], name: "fixed" }, () => "");
  const dated = app.converter("date", { parse: (s: string) => new Date(s), format: (d: Date) => d.toISOString() });
  dated.get("/day/<date:on>/<slug>", function day(c) {
    expectTypeOf(c.args.on).toEqualTypeOf<Date>();
    return c.args.slug.trim();
  });
  const bp = blueprint<{ date: Date }>("bp");
  bp.get("/when/<date:on>", function when(c) {
    expectTypeOf(c.args.on).toEqualTypeOf<Date>();
    return "";
  });
  const dynamic: string = "/x/<int:id>";
  app.get(dynamic, function loose(c) {
    expectTypeOf(c.args).toEqualTypeOf<{ readonly [name: string]: unknown }>();
    return "";
  });
  void bad;
  void fixed;
});

declare module "../src/index.js" {
  interface Globals {
    typedUser?: { name: string };
  }
  interface SessionData {
    typedCounter: number;
  }
  interface ConfigValues {
    MY_TYPED_LIMIT: number;
  }
  interface Converters {
    year: number;
  }
  interface RouteRegistry {
    "typed.show": "/typed/<int:id>";
    "typed.index": "/typed/";
  }
}

test("urlFor checks registered endpoints, and any app or blueprint fits where one is wanted", () => {
  const ok = () => [
    urlFor("typed.show", { id: 1, page: 2, _external: true }),
    urlFor("typed.index"),
    urlFor("other", { a: 1 }),
  ];
  // @ts-expect-error id is a number
  const wrong = () => urlFor("typed.show", { id: "1" });
  // @ts-expect-error id is missing
  const missing = () => urlFor("typed.show");
  const app = createApp();
  const typed = app.converter("user", {
    parse: async (s: string) => ({ name: s }),
    format: (u: { name: string }) => u.name,
  });
  typed.get("/u/<user:who>", function who(c) {
    expectTypeOf(c.args.who).toEqualTypeOf<{ name: string }>();
    return "";
  });
  const plain: App = typed;
  routesTable(typed);
  typed.registerBlueprint(blueprint<{ user: { name: string } }>("b"));
  void [ok, wrong, missing, plain];
});

test("globals, session, configuration and converters can be typed by merging", () => {
  const check = (c: Context) => {
    expectTypeOf(g().typedUser).toEqualTypeOf<{ name: string } | undefined>();
    expectTypeOf(c.session.get("typedCounter", 0)).toEqualTypeOf<number>();
    expectTypeOf(c.session.get("anything")).toEqualTypeOf<unknown>();
    // @ts-expect-error it counts
    c.session.set("typedCounter", "one");
    expectTypeOf(c.app.config.MY_TYPED_LIMIT).toEqualTypeOf<number>();
    expectTypeOf(c.app.config.SECRET_KEY).toEqualTypeOf<string | Uint8Array | null>();
  };
  expectTypeOf<RouteArgs<"/<year:y>">>().toEqualTypeOf<{ readonly y: number }>();
  void check;
});

test("defaults and converters decide the type of a query argument", async () => {
  await createApp().testRequestContext("/", async (c) => {
    expectTypeOf(c.request.args.get("a")).toEqualTypeOf<string | undefined>();
    expectTypeOf(c.request.args.get("a", "")).toEqualTypeOf<string>();
    expectTypeOf(c.request.args.get("a", 1, int)).toEqualTypeOf<number>();
    expectTypeOf((await c.request.files()).get("f")?.size).toEqualTypeOf<number | undefined>();
  });
  const none: RouteArgs<"/about"> = {};
  void none;
});
