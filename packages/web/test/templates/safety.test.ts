/** Templates cannot reach JavaScript's machinery, and what they print cannot become markup by accident. */
import fc from "fast-check";
import { html as honoHtml } from "hono/html";
import { describe, expect, test } from "vitest";
import {
  acceptsKwargs,
  DictLoader,
  Environment,
  escape,
  html,
  Markup,
  TemplateError,
} from "../../src/templates/index.js";

const env = new Environment();

class Account {
  owner = "Ann";
  #pin = 1234;
  get masked() {
    return `**${String(this.#pin).slice(2)}`;
  }
  greet() {
    return `hi ${this.owner}`;
  }
}

describe("prototype escapes", () => {
  const attacks = [
    "({}).constructor.constructor('return process')()",
    "''.constructor.constructor('return process')()",
    "[].constructor.constructor('return 1')()",
    "[]['constructor']['constructor']('return 1')()",
    "fn.constructor('return 1')()",
    "fn['constru' ~ 'ctor']('return 1')()",
    "fn.call.constructor('return 1')()",
    "fn.bind(1)()",
    "fn.apply(1)",
    "account.constructor('x')",
    "account.__proto__.greet()",
    "account['__proto__']['greet']()",
    "account.__lookupGetter__('x')()",
    "account.__defineGetter__('x', fn)",
    "account.hasOwnProperty.constructor('return 1')()",
    "Klass.prototype.greet()",
    "fn.caller()",
    "fn.arguments[0]",
    "(account|attr('constructor'))('x')()",
    "[account]|map(attribute='constructor.name')|first|upper ~ missing.x",
    "'{0.constructor.name}'.format(account)",
    "'{0[constructor][name]}'.format(account)",
    "range.constructor('return 1')()",
    "m.constructor.constructor('return 1')()",
    "cycler('a').constructor.constructor('return 1')()",
    "namespace(a=1).constructor('return 1')()",
    "(1).constructor.constructor('return 1')()",
    "self.constructor.constructor('return 1')()",
    "promise.constructor.constructor('return 1')()",
    "Fn('return 1')()",
    "evil('1 + 1')",
  ];
  test.each(attacks)("{{ %s }} fails", async (attack) => {
    const source = `{% macro m() %}{% endmacro %}{{ ${attack} }}`;
    const context = {
      fn: () => 1,
      account: new Account(),
      Klass: Account,
      promise: Promise.resolve(1),
      Fn: Function,
      // biome-ignore lint/security/noGlobalEval: what the guard is for
      evil: globalThis.eval,
    };
    await expect(env.renderString(source, context)).rejects.toBeInstanceOf(TemplateError);
  });

  test("own and class members are there, the language's are not", async () => {
    const out = await env.renderString(
      "{{ a.owner }} {{ a.masked }} {{ a.greet() }} [{{ a.constructor }}{{ a.hasOwnProperty }}{{ a.valueOf }}{{ f.call }}{{ a.__proto__ }}]",
      {
        a: new Account(),
        f: () => 1,
      },
    );
    expect(out).toBe("Ann **34 hi Ann []");
  });

  test("a method that is kept in a variable keeps its object", async () => {
    expect(await env.renderString("{% set g = a.greet %}{{ g() }}", { a: new Account() })).toBe("hi Ann");
  });

  test("names of template variables never reach the generated code", async () => {
    expect(
      await env.renderString(
        "{% set return = 1 %}{% set await = 2 %}{% set C = 3 %}{{ return }}{{ await }}{{ C }}{{ rt }}",
      ),
    ).toBe("123");
    expect(await env.renderString("{% set größe = 'é' %}{{ größe }}")).toBe("é");
    expect(await env.renderString("{{ '`${1}`\\u2028</script>' }}{{ d['\\\\\"+process+\"'] }}", { d: {} })).toBe(
      "`${1}`\u2028&lt;/script&gt;",
    );
  });

  test("a template cannot pollute prototypes", async () => {
    await env.renderString(
      "{% set d = {'__proto__': {'polluted': 1}} %}{% do d.update({'__proto__': {'polluted': 1}}) %}{% set ns = namespace() %}{% set ns.__proto__ = 1 %}{{ dict([['__proto__', 1]]) }}",
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await expect(env.renderString("{{ f(__proto__=1) }}", { f: () => 1 })).rejects.toThrow(
      /cannot be the name of an argument/,
    );
  });
});

describe("escaping", () => {
  const payloads = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    "</title><svg/onload=1>",
    "&lt;b&gt;",
    "{{ 7 * 7 }}",
    "<!--",
    "]]>",
  ];
  test.each(payloads)("%s stays text everywhere", async (evil) => {
    const template = env.fromString(
      "<p title=\"{{ x }}\" data-a='{{ x }}'>{{ x }}{{ [x] }}{{ {'k': x} }}{{ x ~ 'y' }}{{ '<i>'|safe ~ x }}{{ '%s'|safe|format(x) }}{{ x|upper|lower }}{{ [x]|join('<br>'|safe) }}{{ x|truncate(9, true) }}{{ x|default('') }}{{ x|e|upper }}{% filter upper %}{{ x }}{% endfilter %}{% set v %}{{ x }}{% endset %}{{ v }}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}</p>",
    );
    const out = await template.render({ x: evil });
    const inside = out
      .replaceAll(/<i>|<br>|^<p title="|<\/p>$/g, "")
      .replace("\" data-a='", "")
      .replace("'>", "");
    expect(inside).not.toMatch(/[<>"']/);
  });

  test("property: escape never yields a raw special character and can be undone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const safe = escape(text).value;
        expect(safe).not.toMatch(/[<>"']/);
        expect(safe).not.toMatch(/&(?!(?:amp|lt|gt|#39|#34);)/);
        expect(escape(text).unescape()).toBe(text);
        expect(escape(escape(text)).value).toBe(safe);
      }),
    );
  });

  test("property: whatever is rendered, only the template's own marks are raw", async () => {
    const template = env.fromString(
      "{{ a }}{{ a ~ b }}{{ [a, b] }}{{ a|upper }}{{ ('x'|safe) ~ b }}{{ a|replace('a', b) }}{{ [a, b]|join(a) }}{{ a|center(9) }}{{ ('%s'|safe) % [a] }}{{ a|wordwrap(3) }}{{ (a|e)[0:3] }}",
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (a, b) => {
        expect(await template.render({ a, b })).not.toMatch(/[<>"']/);
      }),
    );
  });

  test("property: tojson is safe in scripts and attributes and says the same", async () => {
    const template = env.fromString("{{ v|tojson }}");
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (v) => {
        const out = await template.render({ v: v ?? null });
        expect(out).not.toMatch(/[<>&']/);
        expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(v ?? null)));
      }),
    );
  });

  test("escaping follows the extension", async () => {
    const names = {
      "a.html": "&lt;",
      "a.HTM": "&lt;",
      "a.xml": "&lt;",
      "a.svg": "&lt;",
      "a.txt": "<",
      "a.html.j2": "&lt;",
      "mail.txt.j2": "<",
      "a.jinja": "&lt;",
      a: "<",
    };
    const loader = new DictLoader(Object.fromEntries(Object.keys(names).map((name) => [name, "{{ x }}"])));
    const e = new Environment({ loader });
    for (const [name, out] of Object.entries(names)) expect(await e.render(name, { x: "<" }), name).toBe(out);
  });
});

describe("Markup", () => {
  test("survives concat, join, upper, replace, format and escapes what is mixed in", () => {
    const b = new Markup("<b>");
    expect(String(b.concat("<i>"))).toBe("<b>&lt;i&gt;");
    expect(String(b.join(["<", new Markup(">")]))).toBe("&lt;<b>>");
    expect(String(b.upper())).toBe("<B>");
    expect(String(new Markup("<b>x</b>").replace("x", "<"))).toBe("<b>&lt;</b>");
    expect(String(new Markup("<b>{}</b>{x}").format("<", { x: "&" }))).toBe("<b>&lt;</b>&amp;");
    expect(String(new Markup("<b>%s</b>").percent("<"))).toBe("<b>&lt;</b>");
    for (const m of [b.concat("x"), b.join([]), b.upper(), b.replace("b", "i"), b.trim(), b.slice(1)])
      expect(m).toBeInstanceOf(Markup);
    expect(JSON.stringify({ b })).toBe('{"b":"<b>"}');
    expect(String(escape("'\""))).toBe("&#39;&#34;");
  });

  test("the html tag escapes interpolations, joins lists and skips booleans", () => {
    const rows = ["<", "b"].map((x) => html`<li>${x}</li>`);
    expect(String(html`<ul id="${'"'}">${rows}${null}${undefined}${false}${0}</ul>`)).toBe(
      '<ul id="&#34;"><li>&lt;</li><li>b</li>0</ul>',
    );
    expect(() => html`${Promise.resolve(1)}`).toThrow(/await/);
  });

  test("Hono takes Markup as it is, and templates take Hono's HTML as it is", async () => {
    expect(String(await honoHtml`<p>${new Markup("<b>x</b>")}</p>`)).toBe("<p><b>x</b></p>");
    expect(await env.renderString("{{ h }}{{ '<' ~ h }}", { h: await honoHtml`<i>${"<"}</i>` })).toBe(
      "<i>&lt;</i>&lt;<i>&lt;</i>",
    );
    const component = { isEscaped: true as const, toString: () => Promise.resolve("<async>") };
    expect(await env.renderString("{{ c }}{{ 'a<' ~ c }}{{ [c]|join }}", { c: component })).toBe(
      "<async>a&lt;<async><async>",
    );
  });
});

test("a filter of the application gets undefined, not the engine's object", async () => {
  const e = new Environment({
    filters: { show: (v: unknown, w: unknown = "std") => `${String(v)}/${String(w)}` },
    globals: { f: (a: unknown = "d") => a },
  });
  expect(await e.renderString("{{ nope|show(nada) }} {{ f(nope) }}")).toBe("undefined/std d");
});

test("named arguments reach functions, by name or as one object", async () => {
  const field = (attrs: Record<string, unknown> = {}) =>
    new Markup(
      `<input${Object.entries(attrs)
        .map(([k, v]) => ` ${k}=${String(v)}`)
        .join("")}>`,
    );
  const placed = Object.assign((a: unknown, b: unknown = 2, c: unknown = 3) => `${String(a)}${String(b)}${String(c)}`, {
    [acceptsKwargs]: ["a", "b", "c"],
  });
  expect(
    await env.renderString("{{ f() }}{{ f(size=32) }} {{ p(1, c=9) }} {{ p(c=1, a=0) }} {{ f(**{'x': 1}) }}", {
      f: field,
      p: placed,
    }),
  ).toBe("<input><input size=32> 129 021 <input x=1>");
  await expect(env.renderString("{{ p(1, d=1) }}", { p: placed })).rejects.toThrow(/takes no argument named 'd'/);
});
