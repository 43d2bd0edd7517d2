/** Loading, caching, errors with their lines, undefined modes, and the course notes' own templates. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ChoiceLoader,
  DictLoader,
  Environment,
  FolderLoader,
  Markup,
  PrefixLoader,
  passContext,
  type TemplateError,
  TemplateNotFound,
  TemplateRuntimeError,
  TemplateSyntaxError,
  templateCall,
  templateFrames,
  UndefinedError,
} from "../../src/templates/index.js";

const root = mkdtempSync(join(tmpdir(), "athanor-templates-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, "templates");
mkdirSync(join(folder, "sub"), { recursive: true });
writeFileSync(join(root, "secret.txt"), "secret");
writeFileSync(join(folder, "index.html"), "index {{ n }}");
writeFileSync(join(folder, "sub", "a.html"), "sub a");
symlinkSync(join(root, "secret.txt"), join(folder, "link.txt"));

const failure = async (run: Promise<unknown>): Promise<TemplateError> =>
  run.then(
    (out) => {
      throw new TypeError(`expected a failure, got ${JSON.stringify(out)}`);
    },
    (e: TemplateError) => e,
  );

describe("loaders", () => {
  const env = new Environment({ loader: new FolderLoader(folder) });

  test("a folder", async () => {
    expect(await env.render("index.html", { n: 1 })).toBe("index 1");
    expect(await env.render("sub/a.html")).toBe("sub a");
    expect(await env.render("./sub//a.html")).toBe("sub a");
  });

  test.each([
    "../secret.txt",
    "sub/../../secret.txt",
    "/etc/passwd",
    join(root, "secret.txt"),
    "..\\secret.txt",
    "link.txt",
    "sub",
    "",
    "a\0b",
    "C:/x",
  ])("%j does not leave the folder", async (name) => {
    expect(await failure(env.render(name))).toBeInstanceOf(TemplateNotFound);
    expect(await failure(env.renderString("{% include n %}", { n: name }))).toBeInstanceOf(TemplateNotFound);
  });

  test("a missing template names what was searched and what was meant", async () => {
    const two = new Environment({
      loader: new ChoiceLoader([
        new FolderLoader(folder),
        new PrefixLoader({ admin: new DictLoader({ "x.html": "" }) }),
      ]),
    });
    const error = (await failure(two.render("indx.html"))) as TemplateNotFound;
    expect(error).toBeInstanceOf(TemplateNotFound);
    expect(error.searched).toEqual([join(folder, "indx.html"), "the prefixes 'admin/'"]);
    expect(error.message).toContain("Did you mean 'index.html'?");
    expect(error.code).toBe("template.not-found");
    const inside = await failure(
      new Environment({ loader: new DictLoader({ "a.html": "x\n{% include 'b.html' %}" }) }).render("a.html"),
    );
    expect([inside.template, inside.line]).toEqual(["a.html", 2]);
  });

  test("the application's template beats the blueprint's; prefixes lead to their loader", async () => {
    const blueprint = new DictLoader({ "page.html": "blueprint", "only.html": "only" });
    const e = new Environment({
      loader: new ChoiceLoader([
        new DictLoader({ "page.html": "app" }),
        blueprint,
        new PrefixLoader({ bp: blueprint }),
      ]),
    });
    expect(await Promise.all(["page.html", "only.html", "bp/page.html"].map((n) => e.render(n)))).toEqual([
      "app",
      "only",
      "blueprint",
    ]);
    expect(await e.render(["nope.html", "only.html"])).toBe("only");
  });

  test("autoReload sees a changed file and a changed parent; without it the first version stays", async () => {
    const live = new Environment({ loader: new FolderLoader(folder), autoReload: true });
    const still = new Environment({ loader: new FolderLoader(folder) });
    writeFileSync(join(folder, "base.html"), "one {% block a %}{% endblock %}");
    writeFileSync(join(folder, "child.html"), "{% extends 'base.html' %}{% block a %}A{% endblock %}");
    expect([await live.render("child.html"), await still.render("child.html")]).toEqual(["one A", "one A"]);
    writeFileSync(join(folder, "base.html"), "two {% block a %}{% endblock %}");
    utimesSync(join(folder, "base.html"), new Date(), new Date(Date.now() + 5000));
    expect([await live.render("child.html"), await still.render("child.html")]).toEqual(["two A", "one A"]);
    expect(await live.getTemplate("child.html")).toBe(await live.getTemplate("child.html"));
  });

  test("a template that failed to compile is read again", async () => {
    const sources: Record<string, string> = { "a.html": "{% if %}" };
    const e = new Environment({ loader: new DictLoader(sources) });
    expect(await failure(e.render("a.html"))).toBeInstanceOf(TemplateSyntaxError);
    sources["a.html"] = "fine";
    expect(await e.render("a.html")).toBe("fine");
  });
});

describe("errors", () => {
  const files = {
    "syntax.html": "a\nb\n{% if x %}\n  {{ 1 + }}\n{% endif %}",
    "open.html": "1\n{% for x in xs %}\n{% if x %}\n{% endfor %}",
    "late.html": "1\n2\n{{ user.nmae }}{{ user.nmae.first }}\n4",
    "macro.html": "{% macro m(x) %}\n\n{{ x.y.z }}\n{% endmacro %}",
    "caller.html": "\n{% from 'macro.html' import m %}\n\n{{ m({}) }}",
    "base.html": "\n\n{% block a %}\n{{ boom() }}\n{% endblock %}",
    "child.html": "{% extends 'base.html' %}",
    "filter.html": "x\n\n{{ a|uper }}",
    "loop.html": "{% include 'loop.html' %}",
    "ia.html": "{% import 'ib.html' as x %}",
    "ib.html": "{% import 'ia.html' as x %}",
    "ea.html": "{% extends 'eb.html' %}",
    "eb.html": "{% extends 'ea.html' %}",
    "elif.html": "{% if a %}\n{% elif nope.x %}\n{% endif %}",
    "tag.html": "\n{% incldue 'x' %}",
  };
  const env = new Environment({ loader: new DictLoader(files) });
  test.each([
    ["syntax.html", TemplateSyntaxError, "syntax.html", 4, /Expected an expression/],
    ["open.html", TemplateSyntaxError, "open.html", 4, /Unknown tag 'endfor'.*'if' of line 3/],
    ["late.html", UndefinedError, "late.html", 3, /'nmae' is undefined.*Did you mean 'name'/],
    ["caller.html", UndefinedError, "macro.html", 3, /'y' is undefined/],
    ["filter.html", TemplateSyntaxError, "filter.html", 3, /no filter named 'uper'. Did you mean 'upper'/],
    ["loop.html", TemplateRuntimeError, "loop.html", 1, /include each other without end/],
    ["ia.html", TemplateRuntimeError, "ib.html", 1, /import each other in a circle: ia.html -> ib.html -> ia.html/],
    ["ea.html", TemplateRuntimeError, "eb.html", 1, /extend each other in a circle: ea.html -> eb.html -> ea.html/],
    ["elif.html", UndefinedError, "elif.html", 2, /'nope' is undefined/],
    ["tag.html", TemplateSyntaxError, "tag.html", 2, /Did you mean 'include'/],
  ] as const)("%s", async (name, kind, where, line, message) => {
    const error = await failure(env.render(name, { user: { name: "Ann" } }));
    expect(error).toBeInstanceOf(kind);
    expect([error.template, error.line]).toEqual([where, line]);
    expect(error.message).toMatch(message);
    expect(error.excerpt).toContain(`> ${line} | `);
  });

  test.each([
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% for x in xs recursive %}{{ loop(xs) }}{% endfor %}",
  ])("endless recursion ends with a message: %s", async (source) => {
    const error = await failure(new Environment().renderString(source, { xs: [1] }));
    expect(error).toBeInstanceOf(TemplateRuntimeError);
    expect(error.message).toMatch(/calls itself without end/);
  });

  test("what the application throws keeps its identity and gains template frames through inheritance", async () => {
    class HttpError extends Error {}
    const error = await failure(
      env.render("child.html", {
        boom() {
          throw new HttpError("404");
        },
      }),
    );
    expect(error).toBeInstanceOf(HttpError);
    expect(templateFrames(error)[0]).toMatchObject({ template: "base.html", line: 4 });
  });
});

describe("undefined modes", () => {
  const source = [
    "{{ a }}",
    "{{ a.b }}",
    "{% if a %}{% endif %}",
    "{% for x in a %}{% endfor %}",
    "{{ a is defined and 1 or 0 }}",
    "{{ a|default('d') }}",
    "{{ a.b.c|default('d') }}",
    "{{ a == 1 or 'x' }}",
    "{{ a + 1 }}",
    "{{ a() }}",
  ];
  test.each([
    ["default", ["", "!", "", "", "0", "d", "!", "x", "!", "!"]],
    ["strict", ["!", "!", "!", "!", "0", "d", "!", "!", "!", "!"]],
    ["chainable", ["", "", "", "", "0", "d", "d", "x", "!", "!"]],
    ["debug", ["{{ a }}", "!", "", "", "0", "d", "!", "x", "!", "!"]],
  ] as const)("%s", async (mode, expected) => {
    const env = new Environment({ undefined: mode });
    const out = await Promise.all(
      source.map((s) => env.renderString(s).catch((e: unknown) => (e instanceof UndefinedError ? "!" : String(e)))),
    );
    expect(out).toEqual([...expected]);
  });
});

describe("the seeds' templates run as they are", () => {
  const loader = new DictLoader({
    "index.html":
      "<ul>\n            {% for d in data %}\n            <li>{{ d.description }}</li>\n            {% endfor %}\n</ul>",
    "form.html":
      '<form action="" method="post" novalidate>\n{{ form.csrf_token }}\n\n{{ form.name.label }}\n{{ form.name(size=32) }}\n\n{{ form.submit() }}\n</form>{{ form.hidden_tag() }}{{ form.csrf_token() }}',
    "site.html": "<title>{{ sitename }}</title>\n{% include 'file.html' %}",
    "file.html": "<p>{{ sitename }}</p>",
  });
  const env = new Environment({ loader });

  test("000: the todo list", async () => {
    const data = Promise.resolve([{ description: "buy <milk>" }, { description: "rest" }]);
    expect(await env.render("index.html", { data })).toBe(
      "<ul>\n            \n            <li>buy &lt;milk&gt;</li>\n            \n            <li>rest</li>\n            \n</ul>",
    );
  });

  test("001: the form, with fields that print and can be called", async () => {
    class Field {
      readonly isEscaped = true;
      readonly label: Markup;
      private readonly type: string;
      private readonly id: string;
      constructor(type: string, id: string) {
        this.type = type;
        this.id = id;
        this.label = new Markup(`<label for="${id}">${id}</label>`);
      }
      toString() {
        return `<input type="${this.type}" id="${this.id}">`;
      }
      [templateCall](attrs: Record<string, unknown> = {}) {
        const more = Object.entries(attrs).map(([k, v]) => ` ${k}="${String(v)}"`);
        return new Markup(`<input type="${this.type}" id="${this.id}"${more.join("")}>`);
      }
    }
    const form = {
      csrfToken: new Field("hidden", "csrf"),
      name: new Field("text", "name"),
      submit: new Field("submit", "submit"),
      hiddenTag: () => new Markup("<hidden>"),
    };
    expect(await env.render("form.html", { form })).toBe(
      '<form action="" method="post" novalidate>\n<input type="hidden" id="csrf">\n\n<label for="name">name</label>\n<input type="text" id="name" size="32">\n\n<input type="submit" id="submit">\n</form><hidden><input type="hidden" id="csrf">',
    );
  });

  test("001: variables and include", async () => {
    expect(await env.render("site.html", { sitename: "My Sample" })).toBe("<title>My Sample</title>\n<p>My Sample</p>");
  });
});

describe("what an application plugs in", () => {
  test("globals reach templates, includes and imports; context variables reach imports only with context", async () => {
    const loader = new DictLoader({
      "a.html":
        "{% import 'm.html' as m %}{% import 'm.html' as c with context %}{{ url_for('x', id=1) }}|{{ m.show() }}|{{ c.show() }}|{% include 'i.html' %}",
      "m.html": "{% macro show() %}{{ url_for('y') }}{{ user }}{% endmacro %}",
      "i.html": "{{ url_for('z') }}{{ user }}",
    });
    const env = new Environment({
      loader,
      globals: { url_for: (name: string, args?: { id: number }) => `/${name}${args ? `?id=${args.id}` : ""}` },
    });
    expect(await env.render("a.html", { user: "U" })).toBe("/x?id=1|/y|/yU|/zU");
  });

  test("functions that ask for the context get it", async () => {
    const show = Object.assign((context: { resolve(name: string): unknown }, name: string) => context.resolve(name), {
      [passContext]: true,
    });
    expect(await new Environment({ globals: { show } }).renderString("{{ show('x') }}", { x: 3 })).toBe("3");
  });

  test("own filters and tests, also by map and select; the context may be a Map", async () => {
    const env = new Environment({ filters: { twice: (s: string) => s + s }, tests: { big: (n: number) => n > 2 } });
    expect(
      await env.renderString(
        "{{ 'a'|twice }}{{ xs|select('big')|join }}{{ ['x']|map('twice')|first }}{{ 5 is big and 'B' }}",
        new Map([["xs", [1, 2, 3, 4]]]),
      ),
    ).toBe("aa34xxB");
  });

  test("a filter that exists only sometimes may stand behind a test", async () => {
    expect(
      await new Environment().renderString("{% if 'nope' is filter %}{{ 'a'|nope }}{% else %}without{% endif %}"),
    ).toBe("without");
  });

  test("snake_case reads camelCase, unless it is switched off or there is a real one", async () => {
    const post = { userId: 7, user_name: "real", userName: "other" };
    expect(
      await new Environment().renderString("{{ post.user_id }}{{ post.user_name }}{{ post.no_such }}", { post }),
    ).toBe("7real");
    expect(await new Environment({ camelCase: false }).renderString("{{ post.user_id }}", { post })).toBe("");
  });
});

// JJ6: Python ends such a page with a RecursionError.
test("templates that include, extend or import each other without end are named, not a stack overflow", async () => {
  const env = new Environment({
    loader: new DictLoader({
      "a.html": "a{% include 'b.html' %}",
      "b.html": "b{% include 'a.html' %}",
      "self.html": "{% include 'self.html' %}",
      "fine.html": "{% include 'leaf.html' %}{% include 'leaf.html' %}",
      "leaf.html": "x",
    }),
  });
  await expect(env.render("a.html")).rejects.toThrow(/include each other without end: .*a\.html/);
  await expect(env.render("self.html")).rejects.toThrow(/self\.html/);
  expect(await env.render("fine.html")).toBe("xx");
});
