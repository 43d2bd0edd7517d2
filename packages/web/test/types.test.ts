/** Compile-time promises: this file is type checked; each @ts-expect-error must be an error. */
import { expectTypeOf, test } from "vitest";
import { blueprint, createApp, int, type RouteArgs } from "../src/index.js";

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
